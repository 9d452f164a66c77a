/* SPDX-License-Identifier: Apache-2.0 */
#include "runc/foreground.h"

#include <errno.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include "runc/notify.h"

enum { PROCESS, SIGNALS, NOTIFY, TERMINAL_FIRST, POLLS = TERMINAL_FIRST + TERMINAL_POLLS };

void foreground_done(struct foreground *f)
{
	terminal_done(&f->terminal);
	f->signals = fd_close(f->signals);
	f->notify = fd_close(f->notify);
}

int foreground_prepare(struct foreground *f, bool is_subreaper, struct err *e)
{
	static const int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS};
	sigset_t set;

	sigfillset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		sigdelset(&set, own[i]);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return err_sys(e, "blocking signals");
	f->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (f->signals < 0)
		return err_sys(e, "signalfd");
	if (is_subreaper && prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		return err_sys(e, "becoming the reaper of orphans");
	return 0;
}

/* All children that have ended but @p, whose exit is asked for later. */
static void reap_others(const struct runtime_process *p)
{
	siginfo_t info = {0};

	while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid > 0) {
		if (info.si_pid == p->pid)
			return;
		waitpid(info.si_pid, NULL, 0);
		info.si_pid = 0;
	}
}

static void take_signals(const struct foreground *f, const struct runtime_process *p)
{
	struct signalfd_siginfo info;

	while (read(f->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGCHLD)
			reap_others(p);
		else if (info.ssi_signo == SIGWINCH && f->terminal.master >= 0)
			terminal_resize(&f->terminal);
		else if (info.ssi_signo != SIGPIPE && info.ssi_signo != SIGURG)
			pidfd_send_signal(p->pidfd, (int)info.ssi_signo, NULL, 0);
	}
}

int foreground_wait(struct foreground *f, struct runtime_process *p, struct runtime_exit *ret,
		    struct err *e)
{
	struct pollfd polls[POLLS] = {
		[PROCESS] = {.fd = p->pidfd, .events = POLLIN},
		[SIGNALS] = {.fd = f->signals, .events = POLLIN},
		[NOTIFY] = {.fd = f->notify, .events = POLLIN},
	};

	while (!polls[PROCESS].revents) {
		terminal_prepare(&f->terminal, &polls[TERMINAL_FIRST]);
		if (poll(polls, POLLS, -1) < 0 && errno != EINTR)
			return err_sys(e, "waiting for the container");
		if (polls[SIGNALS].revents)
			take_signals(f, p);
		if (polls[NOTIFY].revents && notify_forward(f->notify, 0))
			polls[NOTIFY].fd = -1;
		terminal_copy(&f->terminal, &polls[TERMINAL_FIRST]);
	}
	terminal_drain(&f->terminal);
	return runtime_reap(p, ret, e);
}
