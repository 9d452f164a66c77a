/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * shared_tree - a tree in which several processes of ours install and undo, without a daemon
 *
 * A tree is known by the top directory of its "/": its numbers, which are given again, and its
 * birthday, which isn't. It is installed once, for the first container
 * that uses it, and undone for the last one; any process may do either. What there is to undo, and
 * who uses the tree, is on persistent disk:
 *
 *	<state>/trees/<name>/trust/       the journal (journal.h); <name> is <dev>-<ino>-<born>
 *	<state>/trees/<name>/env          variables that the install adds, a line each
 *	<state>/trees/<name>/mounted      link whose text is where the tree was mounted then
 *	<state>/trees/<name>/users/<user> who uses it: a process, see below
 *	<state>/users/<user>              link whose text is the name of that tree
 *	<state>/scratch/<user>/           what else the user has; goes with the link
 *
 * A user is a container; its process tells whether it still lives, also after a crash or a reboot
 * of the machine. One that lives no more counts no more.
 *
 * Who has a tree open holds its lock (flock), for which others wait.
 *
 * Thread: any, one at a time per struct; blocks on the disk.
 */
#include "base/limits.h"
#include "base/strv.h"
#include "cacerts/journal.h"

enum {
	SHARED_TREE_NAME = 64,
	LIMIT_TREE_USER = 160, /* bytes of a user's name */
	LIMIT_TREE_USERS = 65536
};

struct shared_tree {
	char name[SHARED_TREE_NAME];
	int state_fd; /* the state directory; owned, as the next one */
	int fd;       /* the tree's; closing it gives the lock up */
};

#define SHARED_TREE ((struct shared_tree){.state_fd = -EBADF, .fd = -EBADF})

void shared_tree_done(struct shared_tree *t);
#define cleanup_shared_tree cleanup(shared_tree_done)

/* Open, or make, that of @dev:@ino, @born then (0: not known). */
int shared_tree_open(const char *state_dir, dev_t dev, ino_t ino, struct timespec born,
		     struct shared_tree *ret, struct err *e);
/*
 * Open the one that @user uses.
 * Returns 0; SHARED_TREE_NONE, and then nothing says any more that he uses one.
 */
enum { SHARED_TREE_NONE = 1, SHARED_TREE_BUSY };
int shared_tree_open_of(const char *state_dir, const char *user, struct shared_tree *ret,
			struct err *e);

/* Note that @user, which is process @pid, uses it; also again with another pid. */
int shared_tree_use(const struct shared_tree *t, const char *user, pid_t pid, struct err *e);
/* It doesn't any more; its scratch goes too. Missing is fine. */
int shared_tree_leave(const struct shared_tree *t, const char *user, struct err *e);
/* Names of those who do, or did, and have not left. */
int shared_tree_users(const struct shared_tree *t, struct strv *ret, struct err *e);
/* How many of its users live, beside @user? Returns the number or -errno. */
int shared_tree_count_others(const struct shared_tree *t, const char *user, struct err *e);

/* Is there a journal? */
bool shared_tree_is_installed(const struct shared_tree *t);

/*
 * Journal and play @changes; specs, family and authorities of @j are set. @env is kept for those
 * who come later.
 * Returns as install_run().
 */
int shared_tree_install(const struct shared_tree *t, struct journal *j, struct vfs *fs,
			const struct changes *changes, const struct strv *env, struct err *e);
/* The variables of the install that is there. */
int shared_tree_env(const struct shared_tree *t, struct strv *ret, struct err *e);

/* Where the tree was mounted when it was installed: remember, and tell; "" for none. */
int shared_tree_set_mounted(const struct shared_tree *t, const char *path, struct err *e);
int shared_tree_mounted(const struct shared_tree *t, char ret[LIMIT_PATH], struct err *e);

/* Undo what is installed; @report as undo_run(). Nothing installed is fine. */
int shared_tree_undo(const struct shared_tree *t, json_t *report, struct err *e);

/* Nobody lives in it, nothing is installed: all who did leave, and it is removed. */
int shared_tree_remove(const struct shared_tree *t, struct err *e);

/* Names of all trees in @state_dir; none if it doesn't exist. */
int shared_tree_list(const char *state_dir, struct strv *ret, struct err *e);
/* Open one by its name. Returns 0; SHARED_TREE_NONE; SHARED_TREE_BUSY: who has it open isn't waited
 * for. */
int shared_tree_open_named(const char *state_dir, const char *name, struct shared_tree *ret,
			   struct err *e);
