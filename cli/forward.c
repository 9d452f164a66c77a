/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/forward.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>

#include "base/cleanup.h"
#include "proto/anchord/v1/executor.pb-c.h"

#define INTERRUPTS_MAX 3

/* SIGTSTP and its family keep their meaning: they stop anchorctl itself. */
static const int forwarded[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH};

int forward_init(struct forward *f, struct err *e)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(forwarded); i++)
		sigaddset(&set, forwarded[i]);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return err_sys(e, "blocking signals");
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return err_sys(e, "opening a signalfd");
	*f = (struct forward){.fd = fd};
	return 0;
}

void forward_done(struct forward *f)
{
	f->fd = fd_close(f->fd);
}

static int send_kill(struct ttrpc_client *c, const char *id, int number, struct err *e)
{
	Anchord__V1__KillRequest request = ANCHORD__V1__KILL_REQUEST__INIT;
	ProtobufCMessage *reply;
	int r;

	request.id = (char *)id;
	request.signal = (uint32_t)number;
	r = ttrpc_client_call(c, "Kill", &request.base, &anchord__v1__kill_response__descriptor,
			      &reply, e);
	if (r == -EREMOTEIO) {
		err_clear(e); /* it has just ended: the reply that we wait for says so */
		return 0;
	}
	if (r < 0)
		return r;
	protobuf_c_message_free_unpacked(reply, NULL);
	return 0;
}

/* One signal off the signalfd. Returns as forward_wait(). */
static int take_signal(struct forward *f, struct ttrpc_client *c, const char *id, int *ret_signal,
		       struct err *e)
{
	struct signalfd_siginfo info;
	int number;

	if (read(f->fd, &info, sizeof(info)) != sizeof(info))
		return errno == EAGAIN ? 0 : err_sys(e, "reading a signal");
	number = (int)info.ssi_signo;

	if (number == SIGINT)
		f->interrupts++;
	if (f->interrupts >= INTERRUPTS_MAX) {
		*ret_signal = number;
		return FORWARD_ENDED;
	}
	return send_kill(c, id, number, e);
}

int forward_wait(struct forward *f, struct ttrpc_client *c, uint32_t call, const char *id,
		 int *ret_signal, struct err *e)
{
	struct pollfd fds[] = {
		{.fd = f->fd, .events = POLLIN},
		{.fd = ttrpc_client_fd(c), .events = POLLIN},
	};
	int r = 0;

	while (r == 0 && !ttrpc_client_has(c, call)) {
		if (poll(fds, ARRAY_SIZE(fds), -1) < 0) {
			if (errno != EINTR) /* SIGCONT after SIGTSTP */
				return err_sys(e, "waiting for the daemon");
			continue;
		}
		if (fds[1].revents) /* first: it may be the reply that we wait for */
			r = ttrpc_client_receive(c, e);
		else
			r = take_signal(f, c, id, ret_signal, e);
	}
	return r;
}
