/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * documents - the methods that answer with a JSON document, made by a worker
 *
 * Each takes the call and answers it.
 *
 * Thread: loop.
 */
struct call;

void documents_explain(struct call *c);
void documents_authorities(struct call *c);
void documents_info(struct call *c);
void documents_repair(struct call *c);
