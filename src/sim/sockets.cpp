// SPDX-License-Identifier: MIT
// The engine's calls on sockets that do not wait.

#include "sim/facts.hpp"
#include "sim/ports.hpp"
#include "sim/sim_engine.hpp"
#include "sim/streams.hpp"
#include "sim/universe.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace bight::sim {

namespace {

std::error_code closed_handle() noexcept { return make_error_code(errc::closed); }

// The default values of Linux.
int usual(option_id id) noexcept {
  switch (id) {
    case option_id::no_delay:
    case option_id::urgent_inline: return 1;
    case option_id::keep_alive_idle: return 7200;
    case option_id::keep_alive_interval: return 75;
    case option_id::keep_alive_count: return 9;
    case option_id::linger: return -1;
    case option_id::hop_limit: return 64;
    default: return 0;
  }
}

bool is_valid(const socket& s, option_id id, int value) noexcept {
  switch (id) {
    case option_id::keep_alive_idle:
    case option_id::keep_alive_interval: return value >= 1 && value <= 32767;
    case option_id::keep_alive_count: return value >= 1 && value <= 127;
    case option_id::user_timeout: return value >= 0;
    case option_id::hop_limit: return value >= -1 && value <= 255 && (value != 0 || s.family == 6);
    case option_id::traffic_class: return s.family == 4 || (value >= -1 && value <= 255);
    case option_id::only_ip6: return !s.bound && s.at == stage::fresh;
    default: return true;
  }
}

bool is_of_tcp(option_id id) noexcept {
  switch (id) {
    case option_id::no_delay:
    case option_id::keep_alive_idle:
    case option_id::keep_alive_interval:
    case option_id::keep_alive_count:
    case option_id::user_timeout: return true;
    default: return false;
  }
}

// Whether this kind of socket has the option.
bool has_option(const socket& s, option_id id, bool sets) noexcept {
  if (is_of_tcp(id)) return s.kind != socket_kind::datagram && s.family != unix_family;
  if (id == option_id::only_ip6) return s.family == 6;
  if (s.family != unix_family) return true;
  if (id == option_id::reuse_port) return !sets;
  return id != option_id::hop_limit && id != option_id::traffic_class;
}

// The kernel doubles the value for its own use, and replaces a negative or excessive one by its
// maximum: socket(7), net.core.rmem_max.
int buffer_of(int value, int least) noexcept {
  constexpr int most = 4'194'304;
  return std::max(2 * (value < 0 ? most : std::min(value, most)), least);
}

// The value as the kernel stores it.
int kept_value(const socket& s, option_id id, int value) noexcept {
  switch (id) {
    case option_id::linger: return std::max(value, -1);
    case option_id::hop_limit: return value < 0 ? usual(id) : value;
    case option_id::traffic_class:
      if (s.family == 6 && value < 0) return 0;
      return value &
             (s.kind == socket_kind::datagram ? 0xff : 0xfc);  // TCP uses the ECN bits itself
    default: return value;
  }
}

}  // namespace

result<handle> sim_engine::open(transport t, const address& at) {
  if (dead_) return error(errc::cancelled, "");
  if (!home_.may_open()) return error(code_of(std::errc::too_many_files_open), "");
  std::uint8_t family = 6;
  if (t == transport::unix_socket || at.is_unix())
    family = unix_family;
  else if (at.kind() == address_kind::ip4 || (at.kind() == address_kind::any && !home_.options.ip6))
    family = 4;
  if (family == 6 && !home_.options.ip6)
    return error(code_of(std::errc::address_family_not_supported), "");
  socket& s = all_.make_socket(
      home_, t == transport::udp ? socket_kind::datagram : socket_kind::stream, family);
  s.dual = family == 6 && at.kind() == address_kind::any;
  return take(s);
}

result<handle> sim_engine::adopt(int descriptor) {
  if (descriptor < 0 || descriptor > 2)
    return error(code_of(std::errc::bad_file_descriptor),
                 "open descriptor " + std::to_string(descriptor), 0, "it is not open");
  socket& s = all_.make_socket(home_, socket_kind::text, unix_family);
  s.peer = static_cast<std::uint32_t>(descriptor);  // which standard stream
  return take(s);
}

std::error_code sim_engine::bind(handle h, const address& at) {
  socket* const s = find(h);
  if (s == nullptr) return closed_handle();
  if (s->family != unix_family) {
    packet_end name = end_of(at);
    if (at.kind() == address_kind::any && s->family == 4) name.family = 4;
    if (name.family != s->family) return make_error_code(errc::bad_address);
    return ports::bind(all_, *s, name, s->dual && at.kind() == address_kind::any);
  }
  if (!at.is_unix()) return make_error_code(errc::bad_address);
  if (s->local_path != 0) return code_of(std::errc::invalid_argument);
  const std::string path = at.host();
  const auto there = home_.unix_names.find(path);
  if (there != home_.unix_names.end() && there->second != nothing)
    return code_of(std::errc::address_in_use);
  home_.unix_names[path] = nothing;  // until it listens
  s->local_path = static_cast<std::uint32_t>(all_.unix_paths.size());
  all_.unix_paths.push_back(path);
  s->unlinks = true;
  return {};
}

std::error_code sim_engine::listen(handle h, int backlog) {
  socket* const s = find(h);
  if (s == nullptr) return closed_handle();
  if (s->kind != socket_kind::stream || s->at != stage::fresh)
    return code_of(std::errc::invalid_argument);
  if (s->family == unix_family) {
    if (s->local_path == 0) return code_of(std::errc::invalid_argument);
    home_.unix_names[all_.unix_paths[s->local_path]] = s->index;
  } else if (!s->bound) {
    packet_end any;
    any.family = s->family;
    if (const auto failed = ports::bind(all_, *s, any, s->dual)) return failed;
  }
  s->extra().backlog = static_cast<std::size_t>(std::max(backlog, 0));
  s->kind = socket_kind::listener;
  return {};
}

std::error_code sim_engine::shutdown_send(handle h) {
  socket* const s = find(h);
  if (s == nullptr) return closed_handle();
  if (s->kind != socket_kind::stream) return code_of(std::errc::not_connected);
  return streams::shutdown_send(all_, *s);
}

result<address> sim_engine::local(handle h) const {
  const socket* const s = find(h);
  if (s == nullptr) return error(closed_handle(), "local address");
  if (s->family == unix_family)
    return s->local_path == 0 ? address() : address::unix_socket(all_.unix_paths[s->local_path]);
  packet_end name = s->local;
  if (name.family == 0) name.family = s->family;
  return name.to_address();
}

result<address> sim_engine::remote(handle h) const {
  const socket* const s = find(h);
  if (s == nullptr) {
    if (const address* const known = remembered_peer(h)) return *known;
    return error(closed_handle(), "");
  }
  if (s->family == unix_family && s->at != stage::fresh)
    return s->remote_path == 0 ? address() : address::unix_socket(all_.unix_paths[s->remote_path]);
  if (s->remote.family == 0) return error(code_of(std::errc::not_connected), "");
  return s->remote.to_address();
}

std::string sim_engine::cause(verb what, std::error_code& code, const address& with) const {
  return code.category() == std::system_category()
             ? cause_of(what, code, with, host_facts(all_, home_))
             : std::string();
}

std::error_code sim_engine::set(handle h, option_id id, int value) {
  socket* const s = find(h);
  if (s == nullptr) return closed_handle();
  if (!has_option(*s, id, true)) return code_of(std::errc::operation_not_supported);
  if (!is_valid(*s, id, value)) return code_of(std::errc::invalid_argument);
  value = kept_value(*s, id, value);
  constexpr int buffer_least = 2304;
  switch (id) {
    case option_id::reuse_port: s->reuse_port = value != 0; break;
    case option_id::reuse_address: s->reuse_address = value != 0; break;
    case option_id::receive_buffer:
      value = buffer_of(value, buffer_least);
      s->receive_limit = static_cast<std::size_t>(value);
      break;
    case option_id::send_buffer:
      value = buffer_of(value, 2 * buffer_least);
      s->send_limit = static_cast<std::size_t>(value);
      break;
    case option_id::only_ip6: s->dual = value == 0; break;
    default: break;
  }
  if (id == option_id::reuse_port || id == option_id::reuse_address) return {};
  const auto i = static_cast<std::size_t>(id);
  rare_things& kept = s->extra();
  kept.options[i] = value;
  kept.options_set |= 1u << i;
  if (id == option_id::keep_alive || id == option_id::keep_alive_idle)
    streams::keep_alive(all_, *s);
  return {};
}

result<int> sim_engine::get(handle h, option_id id) const {
  const socket* const s = find(h);
  if (s == nullptr) return error(closed_handle(), "get a socket option");
  if (!has_option(*s, id, false))
    return error(code_of(std::errc::operation_not_supported), "get a socket option");
  switch (id) {
    case option_id::reuse_port: return static_cast<int>(s->reuse_port);
    case option_id::reuse_address: return static_cast<int>(s->reuse_address);
    case option_id::receive_buffer: return s->option(id, static_cast<int>(s->receive_limit));
    case option_id::send_buffer: return s->option(id, static_cast<int>(s->send_limit));
    case option_id::only_ip6: return static_cast<int>(!s->dual);
    default: return s->option(id, usual(id));
  }
}

}  // namespace bight::sim
