/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "executor/seal.h"
#include "vfs/vfs.h"

static void *work(void *arg)
{
	struct seal *s = arg;

	s->r = record_seal(&s->record, &s->e);
	s->view = vfs_free(s->view);
	return NULL;
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
	r = s->r;
	if (r < 0 && e)
		*e = s->e;
	*s = SEAL_NONE;
	return r;
}
