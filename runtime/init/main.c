/* SPDX-License-Identifier: Apache-2.0 */
/*
 * init - the program that a staged launch runs: two processes, which play a plan
 *
 *	anchord-init <number of the descriptor with the orders>
 *
 * The outside process stays in the caller's namespaces: it makes what only the host can, makes the
 * inside process, a child of its own parent, writes the maps of its user namespace and runs the
 * hooks of the runtime. The inside process becomes the container's.
 *
 * A program of its own, in memory that nobody can write: so neither the memory nor the executable
 *of who launches is ever visible in a container, whatever that makes of /proc/self/exe.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/sys.h"
#include "runtime/child.h"
#include "runtime/child_calls.h"
#include "runtime/launch_words.h"

enum { FAILED = 125 };

static struct orders *open_orders(int fd)
{
	struct stat st;
	void *image;

	if (fstat(fd, &st) < 0)
		return NULL;
	image = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	close(fd);
	return image == MAP_FAILED ? NULL : orders_unpack(image, (size_t)st.st_size);
}

/* What we were given is not for the command. */
static void keep_from_command(const struct orders *o)
{
	for (size_t i = 0; i < ORDER_FD_MAX; i++)
		if (o->fds[i] >= 0)
			fcntl(o->fds[i], F_SETFD, FD_CLOEXEC);
}

static void send_report(const struct child *c)
{
	ssize_t n = write(c->report_fd, c->report, sizeof(*c->report));

	(void)n; /* nobody is there to be told */
}

/* ---- inside ---------------------------------------------------------------------------- */

/* Who created the process is gone, and who starts it is content: it ends like any other. */
static bool was_started(const struct child *c)
{
	return c->orders->fds[ORDER_FD_START] >= 0 && c->report->kind == OP_EXEC;
}

static int say_why(const struct child *c)
{
	char line[CHILD_PATH + 80];
	size_t n = child_append(line, 0, sizeof(line), "exec ");

	n = child_append(line, n, sizeof(line), c->report->path);
	n = child_append(line, n, sizeof(line), ": ");
	n = child_append(line, n, sizeof(line), strerror(-c->report->code));
	n = child_append(line, n, sizeof(line), "\n");
	if (write(2, line, n) < 0)
		return FAILED;
	return 1;
}

static int play_inside(void *arg)
{
	struct child *c = arg;

	if (c->attends >= 0)
		close(c->attends); /* so that the socket ends with who attends */
	/* Its number, as the host sees it, comes when its maps are written. */
	if (c->sync >= 0 && read(c->sync, &c->pid, sizeof(c->pid)) != sizeof(c->pid))
		return FAILED;
	if (child_play(c, &c->orders->inside) >= 0)
		return FAILED;
	send_report(c);
	return was_started(c) ? say_why(c) : FAILED;
}

/* ---- outside --------------------------------------------------------------------------- */

static bool needs_outside(const struct orders *o)
{
	if (o->uid_map || o->listener_state)
		return true;
	for (size_t i = 0; i < ORDER_HOOKS; i++)
		if (o->hooks[i].n > 0)
			return true;
	return false;
}

/*
 * The inside process has it for a moment too, where others of the container may see that: it
 * becomes a mount of its own, so that ".." of it leads nowhere, and nothing is changed through it.
 */
static int confine_cgroup(const struct orders *o)
{
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY};
	int fd = o->fds[ORDER_FD_CGROUP];
	int tree, r;

	if (fd < 0)
		return 0;
	tree = open_tree(fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
	if (tree < 0)
		return -errno;
	r = child_result(mount_setattr(tree, "", AT_EMPTY_PATH, &attr, sizeof(attr)));
	if (r == 0)
		r = child_result(dup3(tree, fd, O_CLOEXEC));
	close(tree);
	return r < 0 ? r : 0;
}

static int make_inside(struct child *c)
{
	const struct orders *o = c->orders;
	int cgroup = o->fds[ORDER_FD_CGROUP];
	struct clone_args args = {
		.flags = o->clone_flags | CLONE_PARENT | (cgroup >= 0 ? CLONE_INTO_CGROUP : 0),
		.cgroup = cgroup >= 0 ? (uint64_t)cgroup : 0,
	};
	pid_t pid = sys_fork_into(&args, play_inside, c);

	return pid < 0 ? -errno : pid;
}

static int write_maps(struct child *c, pid_t pid)
{
	const struct child_number number = child_number((uint64_t)pid);
	int r;

	if (!c->orders->uid_map)
		return 0;
	r = child_write_map(number.text, "/uid_map", c->orders->uid_map);
	if (r == 0)
		r = child_write_map(number.text, "/gid_map", c->orders->gid_map);
	return r;
}

/* Hooks that belong here, when the inside process has come to them. */
static int serve(struct child *c, int sync, pid_t pid)
{
	char word;

	while (read(sync, &word, 1) == 1 && word == SYNC_HOOKS) {
		int r = child_run_hooks(c, HOOK_PRESTART, pid);

		c->report->value = HOOK_PRESTART;
		if (r == 0) {
			c->report->value = HOOK_CREATE_RUNTIME;
			r = child_run_hooks(c, HOOK_CREATE_RUNTIME, pid);
		}
		if (r < 0) {
			c->report->kind = OP_HOOKS;
			return r;
		}
		word = SYNC_DONE;
		if (write(sync, &word, 1) != 1)
			return -errno;
	}
	return 0;
}

static int attend(struct child *c, int sync, pid_t pid)
{
	int r = write_maps(c, pid);

	if (r < 0)
		c->report->kind = OP_BECOME_ROOT;
	else if (write(sync, &pid, sizeof(pid)) == sizeof(pid))
		r = serve(c, sync, pid);
	return r;
}

/*
 * Hooks belong to the namespaces of the caller, and so do the numbers of processes. Where the
 * outside process leaves those, another one stays behind to attend, which hears by the socket of
 * the one that is to be made.
 */
static bool leaves(const struct orders *o)
{
	for (size_t i = 0; i < o->outside.n; i++)
		if (o->outside.v[i].kind == OP_JOIN || o->outside.v[i].kind == OP_JOIN_TARGET ||
		    o->outside.v[i].kind == OP_OOM_SCORE_ADJ)
			return true;
	return false;
}

static int stay_behind(void *arg)
{
	struct child *c = arg;
	pid_t pid;

	close(c->sync);
	c->sync = -EBADF;
	if (read(c->attends, &pid, sizeof(pid)) != sizeof(pid))
		return 0; /* it was not made: that is told already */
	c->report->code = attend(c, c->attends, pid);
	if (c->report->code < 0)
		send_report(c);
	return 0;
}

static int leave_one_behind(struct child *c)
{
	struct clone_args args = {.exit_signal = SIGCHLD};
	pid_t pid = sys_fork_into(&args, stay_behind, c);

	if (pid < 0)
		return -errno;
	close(c->attends);
	c->attends = -EBADF;
	return pid;
}

static int make_and_tell(struct child *c)
{
	pid_t pid = make_inside(c);

	if (pid < 0) {
		c->report->kind = OP_KIND_MAX;
		return pid;
	}
	c->report->pid = pid;
	send_report(c);
	return pid;
}

static int play_and_tell(struct child *c)
{
	int r = child_play(c, &c->orders->outside);

	return r < 0 ? r : make_and_tell(c);
}

/* Failures of this one are told before the inside process can know, and tell of it. */
static int play_attended(struct child *c)
{
	pid_t behind = leave_one_behind(c);
	pid_t pid = behind < 0 ? behind : play_and_tell(c);

	if (pid > 0 && write(c->sync, &pid, sizeof(pid)) != sizeof(pid))
		pid = -errno;
	close(c->sync);
	if (behind > 0)
		waitpid(behind, NULL, 0);
	return pid < 0 ? pid : 0;
}

static int play_outside(struct child *c)
{
	int sync[2];
	pid_t pid;
	int r = confine_cgroup(c->orders);

	if (r < 0) {
		c->report->kind = OP_KIND_MAX;
		return r;
	}
	if (!needs_outside(c->orders))
		return play_and_tell(c);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sync) < 0)
		return -errno;
	c->attends = sync[0];
	c->sync = sync[1];
	if (leaves(c->orders))
		return play_attended(c);
	pid = play_and_tell(c);
	if (pid < 0)
		return pid;
	close(c->sync);
	return attend(c, c->attends, pid);
}

/* Who launched has made the namespaces, and knows who this is; it wants to hear that it runs. */
static int play_alone(struct child *c)
{
	c->report->pid = 1;
	send_report(c);
	return play_inside(c);
}

int main(int argc, char **argv)
{
	static int held[ORDER_HELD];
	struct child_report report = {.code = 0};
	struct orders *orders = argc == 2 ? open_orders(atoi(argv[1])) : NULL;
	struct child c = {
		.orders = orders,
		.stdio = {0, 1, 2},
		.sync = -EBADF,
		.attends = -EBADF,
		.held = held,
		.report = &report,
		CHILD_START,
	};

	if (!orders)
		return FAILED;
	keep_from_command(orders);
	c.gate = orders->fds[ORDER_FD_GATE];
	c.report_fd = orders->fds[ORDER_FD_REPORT];
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); /* others in the container have no business here */
	c.umask = umask(0); /* modes of nodes and directories are meant as they are written */
	if (orders->is_alone)
		return play_alone(&c);
	report.code = play_outside(&c);
	if (report.code < 0)
		send_report(&c);
	return report.code < 0 ? FAILED : 0;
}
