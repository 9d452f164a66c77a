/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/mounts.h"

#include <errno.h>
#include <string.h>

#include "tests/support/suite.h"

static struct mounts mounts;
static struct err e;

static void setup(void)
{
	mounts = (struct mounts){0};
	e = ERR_NONE;
}

static void teardown(void)
{
	mounts_done(&mounts);
}

/* "type source target option,option": what a message says, in one line. */
static const char *text(const Anchord__V1__Mount *m)
{
	static char line[1024];
	size_t n;

	n = (size_t)snprintf(line, sizeof(line), "%s %s %s", m->type, m->source, m->target);
	for (size_t i = 0; i < m->n_options; i++)
		n += (size_t)snprintf(line + n, sizeof(line) - n, "%c%s", i ? ',' : ' ',
				      m->options[i]);
	return line;
}

START_TEST(a_mount_is_written_in_the_words_of_docker_or_of_mount)
{
	static const struct {
		const char *value, *text;
	} cases[] = {
		{"type=bind,source=/a,destination=/b", "bind /a /b rbind"},
		{"src=/a,dst=/b,ro", "bind /a /b ro,rbind"},
		{"source=/a,target=/b,readonly,nosuid", "bind /a /b ro,nosuid,rbind"},
		{"source=/a,target=/b,readonly=false,bind", "bind /a /b bind"},
		{"type=tmpfs,destination=/t,size=1m", "tmpfs tmpfs /t size=1m"},
		{"src=/a\\,b,dst=/c", "bind /a,b /c rbind"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		ck_ok(mounts_option_mount(&mounts, cases[i].value, &e), e);
		ck_assert_str_eq(text(mounts.v[i]), cases[i].text);
	}
}
END_TEST

START_TEST(a_rootfs_is_a_directory_or_an_overlay)
{
	ck_ok(mounts_option_rootfs(&mounts, "/root", &e), e);
	ck_assert_str_eq(text(mounts.v[0]), "bind /root  rbind");
	mounts_done(&mounts);
	ck_ok(mounts_option_overlay(&mounts, "lower=/a:/b\\:c,upper=/u,work=/w,metacopy=on", &e),
	      e);
	ck_assert_str_eq(text(mounts.v[0]),
			 "overlay overlay  "
			 "lowerdir=/a:/b\\:c,upperdir=/u,workdir=/w,metacopy=on");
}
END_TEST

START_TEST(a_relative_host_path_is_the_callers)
{
	char expected[512];

	ck_assert_int_eq(chdir("/usr/share"), 0);
	ck_ok(mounts_option_mount(&mounts, "source=./misc/..,destination=/x", &e), e);
	ck_assert_str_eq(mounts.v[0]->source, "/usr/share");
	ck_ok(mounts_option_mount(&mounts, "source=no-such,destination=/x", &e), e);
	snprintf(expected, sizeof(expected), "/usr/share/%s", "no-such");
	ck_assert_str_eq(mounts.v[1]->source, expected);
	mounts_done(&mounts);
	ck_ok(mounts_option_overlay(&mounts, "lower=l1:/l2,upper=u,work=w", &e), e);
	ck_assert_str_eq(text(mounts.v[0]), "overlay overlay  lowerdir=/usr/share/l1:/l2,"
					    "upperdir=/usr/share/u,workdir=/usr/share/w");
}
END_TEST

START_TEST(a_mistake_says_what_is_missing)
{
	static const struct {
		int (*option)(void *, const char *, struct err *);
		const char *value, *part;
	} cases[] = {
		{mounts_option_mount, "source=/a", "destination= is missing"},
		{mounts_option_mount, "destination=/a", "source= is missing"},
		{mounts_option_mount, "source=,destination=/a", "'source' needs a value"},
		{mounts_option_mount, "source=/a,destination=b", "begins with '/'"},
		{mounts_option_overlay, "upper=/u,work=/w", "lower= is missing"},
		{mounts_option_overlay, "lower=/l,upper=/u", "belong together"},
		{mounts_option_overlay, "lower=/l,uper=/u", "unknown word 'uper=/u'"},
		{mounts_option_rootfs, "", "a directory is needed"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		e = ERR_NONE;
		ck_assert_int_eq(cases[i].option(&mounts, cases[i].value, &e), -EINVAL);
		ck_assert_msg(strstr(e.msg, cases[i].part), "%s: %s", cases[i].value, e.msg);
		ck_assert_uint_eq(mounts.n, 0);
	}
}
END_TEST

START_TEST(a_second_rootfs_is_refused)
{
	ck_ok(mounts_option_rootfs(&mounts, "/a", &e), e);
	ck_assert_int_eq(mounts_option_overlay(&mounts, "lower=/b", &e), -EINVAL);
	ck_assert_int_eq(mounts_option_rootfs(&mounts, "/b", &e), -EINVAL);
	ck_assert_uint_eq(mounts.n, 1);
}
END_TEST

SUITE("cli/mounts", setup, teardown, a_mount_is_written_in_the_words_of_docker_or_of_mount,
      a_rootfs_is_a_directory_or_an_overlay, a_relative_host_path_is_the_callers,
      a_mistake_says_what_is_missing, a_second_rootfs_is_refused)
