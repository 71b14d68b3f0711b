// SPDX-License-Identifier: MIT
//
// The ring of reference_uring and its buffers.

#pragma once

#include "common.h"

#include <liburing.h>
#include <stdbool.h>

void ring_make(void);
// Room for `count` direct descriptors.
void ring_table(unsigned count);
// One direct descriptor, 0, that stands for `fd`.
void ring_fix(int fd);
struct io_uring_sqe* ring_next(void);
// Submits, waits, and hands over everything that has happened.
void ring_turn(void (*happened)(const struct io_uring_cqe*));

// Sixteen buffers of 64 KiB that receives fill one behind the other; before Linux 6.12 more and
// smaller ones.
void buffers_shared(void);
// One whole buffer for each receive.
void buffers_whole(unsigned count, size_t size);

// The buffer that a receive filled, and where; the caller has a reference on it.
int buffer_take(const struct io_uring_cqe* cqe, char** data);
void buffer_ref(int id);
// True when it went back to the kernel.
bool buffer_unref(int id);
// Whether a receive would find one. One that found none may be told of after they came back.
bool buffers_left(void);
