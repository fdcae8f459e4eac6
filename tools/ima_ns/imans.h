/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef IMANS_H
#define IMANS_H

/* /proc and securityfs' ima directory, opened where imans was started */
extern int proc_fd, ima_fd;

/* Become a member of the process' IMA namespace; 0 or an errno */
int join(int pid);

int cmd_list(void);

#endif /* IMANS_H */
