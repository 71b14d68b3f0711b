// SPDX-License-Identifier: MIT
#pragma once

/// Whether what a message costs can be counted here (BIGHT_COSTS_COUNTED).

// A sanitizer's runtime allocates and calls by itself, and takes the place of the pool of frames.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define BIGHT_COSTS_COUNTED 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define BIGHT_COSTS_COUNTED 0
#endif
#endif
#ifndef BIGHT_COSTS_COUNTED
#define BIGHT_COSTS_COUNTED 1
#endif
