/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/find.h"

#include <string.h>

#include "tests/unit/oci/documents.h"

static const char *const path[] = {"a", "b", NULL};

/* Of exactly @n bytes, so that a look behind them is seen. */
static bool find(const char *text, size_t n, struct oci_text *ret, char **ret_copy)
{
	*ret_copy = memcpy(malloc(n + 1), text, n);
	*ret_copy = realloc(*ret_copy, n ? n : 1);
	return oci_find_list((struct oci_text){.data = *ret_copy, .n = n}, path, ret);
}

static const struct {
	const char *document; /* with ' for " */
	const char *found;    /* NULL: nothing */
} documents[] = {
	{"{'a':{'b':[1,2]}}", "[1,2]"},
	{" {\n'x' : 1 , 'a'\t: { 'y' :{'b':[]}, 'b' : [ 1 ] \n, 'z':2}\r}", "[ 1 ]"},
	{"{'a':{'b':[[],{'b':[3]},']}',[{}]],'c':[]}}", "[[],{'b':[3]},']}',[{}]]"},
	{"{'x':'}{,:\\'','a':{'x':[{'b':[]}],'b':['\\\\']}}", "['\\\\']"},
	{"{'x':'\\\\\\'\\\\','a':{'b':['\\'']}}", "['\\'']"},
	{"{'a':{'b':{'c':[]}}}", NULL},
	{"{'a':{'b':null}}", NULL},
	{"{'a':{'b':1}}", NULL},
	{"{'a':{'c':[]}}", NULL},
	{"{'a':{}}", NULL},
	{"{'a':['b',[]]}", NULL},
	{"{'b':[]}", NULL},
	{"{'\\u0061':{'b':[]}}", NULL}, /* unusual */
	{"['a',{'b':[]}]", NULL},
	{"{'a':{'b':[1]x}}", NULL}, /* no JSON */
	{"{'a':{'b':[}}}", NULL},
	{"", NULL},
	{"   ", NULL},
};

START_TEST(a_list_is_found_by_the_names_above_it)
{
	for (size_t i = 0; i < ARRAY_SIZE(documents); i++) {
		cleanup_free char *text = document_quoted(documents[i].document);
		cleanup_free char *copy = NULL;
		struct oci_text found;

		ck_assert_int_eq(find(text, strlen(text), &found, &copy),
				 documents[i].found != NULL);
		if (documents[i].found) {
			cleanup_free char *wanted = document_quoted(documents[i].found);

			ck_assert_uint_eq(found.n, strlen(wanted));
			ck_assert_mem_eq(found.data, wanted, found.n);
		}
	}
}
END_TEST

/* Each byte in turn is another one. */
static void change_each(char *text, size_t n)
{
	static const char bytes[] = "{}[]\",:\\ x";

	for (size_t at = 0; at < n; at++) {
		char before = text[at];

		for (size_t k = 0; k < sizeof(bytes) - 1; k++) {
			cleanup_free char *copy = NULL;
			struct oci_text found;

			text[at] = bytes[k];
			if (find(text, n, &found, &copy))
				ck_assert(found.data > copy && found.data + found.n < copy + n);
		}
		text[at] = before;
	}
}

START_TEST(no_part_of_a_document_leads_out_of_it)
{
	for (size_t i = 0; i < ARRAY_SIZE(documents); i++) {
		cleanup_free char *text = document_quoted(documents[i].document);

		for (size_t n = 0; n <= strlen(text); n++)
			change_each(text, n);
	}
}
END_TEST

/* In minutes, if each backslash were a search for the next quote. */
START_TEST(a_long_string_of_backslashes_takes_no_time)
{
	static char text[1 << 24];
	struct oci_text found;

	memset(text, '\\', sizeof(text));
	memcpy(text, "{ \"", 3); /* so that they are even */
	memcpy(text + sizeof(text) - 17, "\":1,\"a\":{\"b\":[]}", 16);
	text[sizeof(text) - 1] = '}';
	ck_assert(oci_find_list((struct oci_text){text, sizeof(text)}, path, &found));
	ck_assert_uint_eq(found.n, 2);
}
END_TEST

SUITE("oci/find", NULL, NULL, a_list_is_found_by_the_names_above_it,
      no_part_of_a_document_leads_out_of_it, a_long_string_of_backslashes_takes_no_time)
