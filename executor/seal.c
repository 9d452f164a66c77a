/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/log.h"
#include "cacerts/install.h"
#include "executor/internal.h"
#include "vfs/vfs.h"

/* A pipe takes a byte at once, and can't fail while its other end is open. */
static void answer(const struct seal *s)
{
	const char leave = s->r == 0 ? RUNTIME_LEAVE : 0;

	if (s->gate[1] >= 0 && write(s->gate[1], &leave, 1) != 1)
		log_debug("seal.gate", "%m");
}

static void *work(void *arg)
{
	struct seal *s = arg;

	s->r = s->installed ? install_sync(s->installed, s->view, &s->e) : 0;
	if (s->r == 0)
		s->r = s->journal ? exec_write_journal(s->parent, s->journal, &s->e)
				  : record_seal(&s->record, &s->e);
	answer(s);
	s->view = vfs_free(s->view);
	return NULL;
}

const int *seal_gate(struct seal *s)
{
	return pipe2(s->gate, O_CLOEXEC) == 0 ? s->gate : NULL;
}

void seal_start(struct seal *s)
{
	s->has_thread = pthread_create(&s->thread, NULL, work, s) == 0;
	if (!s->has_thread)
		work(s);
}

int seal_wait(struct seal *s, struct err *e)
{
	int r;

	if (s->has_thread)
		pthread_join(s->thread, NULL);
	record_open_done(&s->record);
	fd_close(s->gate[0]);
	fd_close(s->gate[1]);
	r = s->r;
	if (r < 0 && e)
		*e = s->e;
	*s = SEAL_NONE;
	return r;
}
