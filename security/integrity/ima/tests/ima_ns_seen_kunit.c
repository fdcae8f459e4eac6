// SPDX-License-Identifier: GPL-2.0-only
/*
 * IMA namespaces: KUnit tests of accesses that were seen before
 */

#include <linux/cred.h>
#include <linux/file.h>
#include <linux/mount.h>
#include <linux/shmem_fs.h>

#include "ima_ns_kunit.h"

/* A child of a child, and a file that is open for reading alone. */
struct seen_world {
	struct ima_namespace *parent, *child;
	struct file *file;
	struct ima_iint_cache *iint;
	u32 secid;	/* of who acts */
};

/* On a mount like any user's: of the kernel's own, nothing is remembered. */
static struct file *make_file(void)
{
	struct file_system_type *type = get_fs_type("tmpfs");
	struct vfsmount *mnt;
	struct file *file;

	if (!type)
		return NULL;
	mnt = vfs_kern_mount(type, 0, type->name, NULL);
	put_filesystem(type);
	if (IS_ERR(mnt))
		return ERR_CAST(mnt);
	file = shmem_file_setup_with_mnt(mnt, "ima_ns_kunit", PAGE_SIZE, 0);
	mntput(mnt);
	return file;
}

static void make_seen_world(struct kunit *test, struct seen_world *world)
{
	struct file *made = make_file();

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, made);
	world->file = dentry_open(&made->f_path, O_RDONLY, current_cred());
	fput(made);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, world->file);
	world->secid = 1;
	world->parent = make_child(test, &init_ima_ns);
	world->child = make_child(test, world->parent);
	load_rule(test, world->parent, "measure func=FILE_CHECK");
	load_rule(test, world->child, "measure func=FILE_CHECK");
}

static void drop_seen_world(struct kunit *test, struct seen_world *world)
{
	fput(world->file);
	put_ima_ns(world->parent);
	drop(test, world->child);
}

static bool seen_by(const struct seen_world *world, struct ima_ns_when *now,
		    const struct cred *cred)
{
	const int kind = ima_ns_kind(FILE_CHECK, MAY_READ);

	return ima_ns_unasked(world->child, world->file, kind) ||
	       ima_ns_seen(world->child, world->file, cred, world->secid, kind,
			   now);
}

static bool seen(const struct seen_world *world)
{
	struct ima_ns_when now;

	return seen_by(world, &now, current_cred());
}

/* As the hook does it, until there is nothing to do any more; how often that is. */
static int access_until_seen(struct kunit *test, struct seen_world *world)
{
	struct ima_ns_when now;
	int count;

	for (count = 0; !seen_by(world, &now, current_cred()) && count < 5; count++) {
		struct ima_walk walk = { .leaf = world->child, .then = now };

		KUNIT_EXPECT_EQ(test, ima_walk_file(&walk, world->file, current_cred(),
						    world->secid, NULL, 0, MAY_READ,
						    FILE_CHECK), 0);
	}
	world->iint = ima_iint_find(file_inode(world->file));
	KUNIT_ASSERT_NOT_NULL(test, world->iint);
	return count;
}

/* The thread holds all that the slow way needs: lockdep tells of what is taken. */
static bool seen_under_locks(struct seen_world *world)
{
	struct inode *inode = file_inode(world->file);
	bool ret;

	mutex_lock(&world->iint->mutex);
	inode_lock(inode);
	mutex_lock(&world->child->log.lock);
	spin_lock_bh(&ima_ns_status_lock);
	ret = seen(world);
	spin_unlock_bh(&ima_ns_status_lock);
	mutex_unlock(&world->child->log.lock);
	inode_unlock(inode);
	mutex_unlock(&world->iint->mutex);
	return ret;
}

/* Whatever others read meanwhile stays in their caches. */
static bool seen_without_writing(struct kunit *test, struct seen_world *world)
{
	const struct {
		const void *is;
		size_t size;
	} shared[] = {
		{ world->iint, sizeof(*world->iint) },
		{ ima_ns_state_find(world->child, world->iint), sizeof(struct ima_iint_state) },
		{ ima_ns_state_find(world->parent, world->iint), sizeof(struct ima_iint_state) },
		{ world->child, sizeof(*world->child) },
		{ world->parent, sizeof(*world->parent) },
		{ &init_ima_ns, sizeof(init_ima_ns) },
		{ file_inode(world->file), sizeof(struct inode) },
		{ world->file, sizeof(*world->file) },
		{ current_cred(), sizeof(struct cred) },
	};
	void *was[ARRAY_SIZE(shared)];
	bool ret;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(shared); i++) {
		KUNIT_ASSERT_NOT_NULL(test, shared[i].is);
		was[i] = kunit_kzalloc(test, shared[i].size, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, was[i]);
		memcpy(was[i], shared[i].is, shared[i].size);
	}
	ret = seen(world);
	for (i = 0; i < ARRAY_SIZE(shared); i++)
		KUNIT_EXPECT_MEMEQ(test, was[i], shared[i].is, shared[i].size);
	return ret;
}

/*
 * The first access does the work, the second finds nothing to do, the third needs no
 * lock; and what it leaves in the list is nothing.
 */
static void seen_takes_no_lock(struct kunit *test)
{
	struct seen_world world;
	long len;

	make_seen_world(test, &world);
	KUNIT_EXPECT_FALSE(test, seen(&world));
	KUNIT_EXPECT_EQ(test, access_until_seen(test, &world), 2);
	len = atomic_long_read(&world.child->log.len);
	/* The boot_aggregate, and the file. */
	KUNIT_EXPECT_EQ(test, len, 2);
	KUNIT_EXPECT_TRUE(test, seen_under_locks(&world));
	KUNIT_EXPECT_TRUE(test, seen_without_writing(test, &world));
	KUNIT_EXPECT_EQ(test, atomic_long_read(&world.child->log.len), len);
	drop_seen_world(test, &world);
}

/* An event is for all levels, whoever counts it. */
static void seen_until_an_event(struct kunit *test)
{
	struct seen_world world;

	make_seen_world(test, &world);
	access_until_seen(test, &world);
	ima_iint_event(world.iint);
	KUNIT_EXPECT_FALSE(test, seen(&world));
	/* Nothing has changed: it is remembered at the first look. */
	KUNIT_EXPECT_EQ(test, access_until_seen(test, &world), 1);
	ima_iint_changed(world.iint);
	KUNIT_EXPECT_FALSE(test, seen(&world));
	KUNIT_EXPECT_EQ(test, access_until_seen(test, &world), 2);
	ima_ns_attr_changed(file_inode(world.file), ATTR_MODE);
	KUNIT_EXPECT_FALSE(test, seen(&world));
	drop_seen_world(test, &world);
}

/* Where a rule is about labels, those who have another one are others. */
static void seen_by_label(struct kunit *test)
{
	struct seen_world world;

	make_seen_world(test, &world);
	load_rule(test, world.parent, "measure func=FILE_CHECK subj_type=any");
	access_until_seen(test, &world);
	KUNIT_EXPECT_TRUE(test, seen_under_locks(&world));
	world.secid = 2;
	KUNIT_EXPECT_FALSE(test, seen(&world));
	KUNIT_EXPECT_EQ(test, access_until_seen(test, &world), 1);
	world.secid = 1;
	KUNIT_EXPECT_TRUE(test, seen(&world));
	drop_seen_world(test, &world);
}

/* Another policy of an LSM may say something else, and stale rules say nothing. */
static void seen_until_labels_change(struct kunit *test)
{
	struct seen_world world;

	make_seen_world(test, &world);
	load_rule(test, world.parent, "measure func=FILE_CHECK subj_user=any");
	access_until_seen(test, &world);
	KUNIT_EXPECT_TRUE(test, seen(&world));
	ima_ns_lsm_changed(0);
	/* That reads the rules anew, and what they say counts from then on. */
	KUNIT_EXPECT_FALSE(test, seen(&world));
	KUNIT_EXPECT_EQ(test, access_until_seen(test, &world), 1);

	set_bit(0, &world.parent->policy.busy);
	ima_ns_lsm_changed(0);
	access_until_seen(test, &world);
	KUNIT_EXPECT_FALSE(test, seen(&world));
	clear_bit(0, &world.parent->policy.busy);
	access_until_seen(test, &world);
	KUNIT_EXPECT_TRUE(test, seen(&world));
	drop_seen_world(test, &world);
}

/* What a label is, of a file or of AppArmor, is looked at each time. */
static void labels_never_seen(struct kunit *test)
{
	static const char *const rules[] = {
		"measure func=FILE_CHECK obj_type=any",
		"measure func=FILE_CHECK subj_role=any",
		"measure func=FILE_CHECK subj_user=any obj_user=any",
	};
	struct seen_world world;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rules); i++) {
		make_seen_world(test, &world);
		load_rule(test, world.parent, rules[i]);
		access_until_seen(test, &world);
		KUNIT_EXPECT_FALSE_MSG(test, seen(&world), "%s", rules[i]);
		drop_seen_world(test, &world);
	}
}

/* What changes above is for those below, not for those beside. */
static void seen_until_the_chain_changes(struct kunit *test)
{
	struct ima_namespace *sibling;
	struct seen_world world;

	make_seen_world(test, &world);
	sibling = make_child(test, world.parent);
	access_until_seen(test, &world);
	load_rule(test, sibling, "measure func=FILE_CHECK");
	ima_ns_chain_changed(sibling);
	KUNIT_EXPECT_TRUE(test, seen(&world));
	drop(test, sibling);
	KUNIT_EXPECT_TRUE(test, seen(&world));

	ima_ns_chain_changed(world.child);
	KUNIT_EXPECT_FALSE(test, seen(&world));
	KUNIT_EXPECT_EQ(test, access_until_seen(test, &world), 1);
	ima_ns_chain_changed(world.parent);
	KUNIT_EXPECT_FALSE(test, seen(&world));
	KUNIT_EXPECT_EQ(test, access_until_seen(test, &world), 1);
	ima_ns_chain_changed(&init_ima_ns);
	KUNIT_EXPECT_FALSE(test, seen(&world));
	KUNIT_EXPECT_EQ(test, access_until_seen(test, &world), 1);
	load_rule(test, world.parent, "measure func=FILE_CHECK uid=1");
	KUNIT_EXPECT_FALSE(test, seen(&world));
	KUNIT_EXPECT_EQ(test, access_until_seen(test, &world), 1);
	ima_ns_chain_start_over(world.child);
	KUNIT_EXPECT_FALSE(test, seen(&world));
	KUNIT_EXPECT_EQ(test, access_until_seen(test, &world), 1);
	drop_seen_world(test, &world);
}

/* Users are told apart where a rule asks for them, and only there. */
static void seen_by_whom(struct kunit *test)
{
	struct cred *cred = prepare_kernel_cred(&init_task);
	struct seen_world world;
	struct ima_ns_when now;

	KUNIT_ASSERT_NOT_NULL(test, cred);
	cred->uid = KUIDT_INIT(1000);
	make_seen_world(test, &world);
	access_until_seen(test, &world);
	KUNIT_EXPECT_TRUE(test, seen_by(&world, &now, cred));
	load_rule(test, world.parent, "measure func=FILE_CHECK uid=1");
	access_until_seen(test, &world);
	KUNIT_EXPECT_FALSE(test, seen_by(&world, &now, cred));
	cred->uid = current_uid();
	KUNIT_EXPECT_TRUE(test, seen_by(&world, &now, cred));
	cap_clear(cred->cap_permitted);
	KUNIT_EXPECT_FALSE(test, seen_by(&world, &now, cred));
	drop_seen_world(test, &world);
	abort_creds(cred);
}

static struct kunit_case ima_ns_seen_cases[] = {
	KUNIT_CASE(seen_takes_no_lock),
	KUNIT_CASE(seen_until_an_event),
	KUNIT_CASE(seen_by_label),
	KUNIT_CASE(seen_until_labels_change),
	KUNIT_CASE(labels_never_seen),
	KUNIT_CASE(seen_until_the_chain_changes),
	KUNIT_CASE(seen_by_whom),
	{}
};

static struct kunit_suite ima_ns_seen_suite = {
	.name = "ima_ns_seen",
	.test_cases = ima_ns_seen_cases,
};

kunit_test_suite(ima_ns_seen_suite);
