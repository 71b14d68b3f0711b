// SPDX-License-Identifier: MIT
#pragma once

/// What most programs use of Bight. Not included: <bight/stream_layer.hpp>, which needs <memory>,
/// <bight/error_digest.hpp>, and for tests <bight/sim.hpp> and <bight/explore.hpp>.

#include <bight/address.hpp>
#include <bight/deadline.hpp>
#include <bight/error.hpp>
#include <bight/event.hpp>
#include <bight/http.hpp>
#include <bight/http_server.hpp>
#include <bight/interval.hpp>
#include <bight/line_sink.hpp>
#include <bight/loop_ref.hpp>
#include <bight/mutex.hpp>
#include <bight/print.hpp>
#include <bight/queue.hpp>
#include <bight/random.hpp>
#include <bight/reader.hpp>
#include <bight/resolve.hpp>
#include <bight/retry.hpp>
#include <bight/run.hpp>
#include <bight/scope.hpp>
#include <bight/semaphore.hpp>
#include <bight/sha256.hpp>
#include <bight/stdio.hpp>
#include <bight/tcp.hpp>
#include <bight/time.hpp>
#include <bight/tls.hpp>
#include <bight/udp.hpp>
#include <bight/unix_socket.hpp>
#include <bight/url.hpp>
#include <bight/writer.hpp>
