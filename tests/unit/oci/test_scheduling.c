/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/ioprio.h>
#include <linux/sched.h>
#include <string.h>

#include "tests/unit/oci/documents.h"

START_TEST(a_scheduler_is_read)
{
	cleanup_oci_config struct oci_config c;
	const struct container_scheduler *s = &c.container.process.scheduler;

	document_must_read("{'process': {'scheduler': {'policy': 'SCHED_DEADLINE', 'nice': -20,"
			   " 'priority': 99, 'runtime': 1, 'deadline': 2, 'period': 3,"
			   " 'flags': ['SCHED_FLAG_RESET_ON_FORK', 'SCHED_FLAG_RECLAIM']}}}",
			   &c);
	ck_assert(s->is_set);
	ck_assert_uint_eq(s->policy, SCHED_DEADLINE);
	ck_assert_int_eq(s->nice, -20);
	ck_assert_uint_eq(s->priority, 99);
	ck_assert_uint_eq(s->flags, SCHED_FLAG_RESET_ON_FORK | SCHED_FLAG_RECLAIM);
	ck_assert_uint_eq(s->runtime_nsec, 1);
	ck_assert_uint_eq(s->deadline_nsec, 2);
	ck_assert_uint_eq(s->period_nsec, 3);
}
END_TEST

START_TEST(an_io_priority_is_one_number)
{
	cleanup_oci_config struct oci_config c;

	document_must_read("{'process': {'ioPriority': {'class': 'IOPRIO_CLASS_BE',"
			   " 'priority': 4}}}",
			   &c);
	ck_assert(c.container.process.has_io_priority);
	ck_assert_int_eq(c.container.process.io_priority, IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, 4));
}
END_TEST

static const struct {
	const char *list;
	unsigned long bits; /* of the first 64 processors */
} lists[] = {
	{"0", 1},
	{"0-3", 0xf},
	{"1,3-4", 0x1a},
	{"63,0-0", 1 | 1ul << 63},
};

START_TEST(processors_are_read_for_processes_that_join_later)
{
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		cleanup_oci_config struct oci_config c;
		char fragment[120];

		snprintf(fragment, sizeof(fragment),
			 "{'process': {'execCPUAffinity': {'initial': '8191', 'final': '%s'}}}",
			 lists[i].list);
		document_must_read(fragment, &c);
		ck_assert(!c.container.process.cpus_initial.is_set);
		ck_assert(!c.container.process.cpus_final.is_set);
		ck_assert(c.exec_cpus_initial.is_set);
		ck_assert_uint_eq(c.exec_cpus_initial.bits[CONTAINER_CPUS / 64 - 1], 1ul << 63);
		ck_assert(c.exec_cpus_final.is_set);
		ck_assert_uint_eq(c.exec_cpus_final.bits[0], lists[i].bits);
	}
}
END_TEST

START_TEST(a_process_that_joins_has_its_own_processors)
{
	static const char text[] = "{\"cwd\":\"/\",\"args\":[\"x\"],"
				   "\"execCPUAffinity\":{\"initial\":\"\",\"final\":\"1\"}}";
	struct container_process p = {0};
	struct err e = ERR_NONE;

	ck_ok(oci_process_read(text, sizeof(text) - 1, &documents_place, &p, NULL, &e), e);
	ck_assert(!p.cpus_initial.is_set);
	ck_assert(p.cpus_final.is_set);
	ck_assert_uint_eq(p.cpus_final.bits[0], 2);
	container_process_done(&p);
}
END_TEST

static const char *const no_lists[] = {"x",
				       "0,",
				       ",0",
				       "3-1",
				       "8192",
				       "0-",
				       "-1",
				       "0 1",
				       "0,,1",
				       "0-8192",
				       "99999999999999999999"};

START_TEST(what_is_no_list_of_processors_is_refused)
{
	for (size_t i = 0; i < ARRAY_SIZE(no_lists); i++) {
		struct oci_config c;
		struct err e = ERR_NONE;
		char fragment[120];
		char message[160];

		snprintf(fragment, sizeof(fragment),
			 "{'process': {'execCPUAffinity': {'final': '%s'}}}", no_lists[i]);
		snprintf(message, sizeof(message),
			 "process.execCPUAffinity.final: '%s' is not a list of processors below "
			 "8192 ('0-3,7')",
			 no_lists[i]);
		ck_assert_int_eq(document_read(fragment, &c, &e), -EINVAL);
		ck_assert_str_eq(e.msg, message);
	}
}
END_TEST

static const struct document_error errors[] = {
	{"{'process': {'scheduler': {}}}", "process.scheduler.policy: missing", 0},
	{"{'process': {'scheduler': {'policy': 'fast'}}}",
	 "process.scheduler.policy: 'fast' is not one of SCHED_OTHER, SCHED_FIFO, SCHED_RR, "
	 "SCHED_BATCH, SCHED_ISO, SCHED_IDLE, SCHED_DEADLINE",
	 0},
	{"{'process': {'scheduler': {'policy': 'SCHED_RR', 'nice': 20}}}",
	 "process.scheduler.nice: 20 is not between -20 and 19", 0},
	{"{'process': {'scheduler': {'policy': 'SCHED_RR', 'priority': 100}}}",
	 "process.scheduler.priority: 100 is above 99", 0},
	{"{'process': {'ioPriority': {'class': 'IOPRIO_CLASS_NONE'}}}",
	 "process.ioPriority.class: 'IOPRIO_CLASS_NONE' is not one of IOPRIO_CLASS_RT, "
	 "IOPRIO_CLASS_BE, IOPRIO_CLASS_IDLE",
	 0},
	{"{'process': {'ioPriority': {'class': 'IOPRIO_CLASS_RT', 'priority': 8}}}",
	 "process.ioPriority.priority: 8 is above 7", 0},
};

START_TEST(a_wrong_way_of_scheduling_is_named)
{
	documents_are_refused(errors, ARRAY_SIZE(errors));
}
END_TEST

SUITE("oci/scheduling", NULL, NULL, a_scheduler_is_read, an_io_priority_is_one_number,
      processors_are_read_for_processes_that_join_later,
      a_process_that_joins_has_its_own_processors, what_is_no_list_of_processors_is_refused,
      a_wrong_way_of_scheduling_is_named)
