// SPDX-License-Identifier: MIT
#pragma once

/// Where a socket is, written as people write it.

#include <bight/machinery/attributes.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace bight {

/// What an address is.
enum class address_kind : std::uint8_t {
  none,         ///< no address
  any,          ///< every address of this machine: ":9999"
  ip4,          ///< "127.0.0.1:9999"
  ip6,          ///< "[::1]:9999"
  name,         ///< to be looked up: "localhost:9999"
  unix_socket,  ///< "unix:/run/x.sock"
};

/// An address of a socket, numeric or by name:
///
///     "127.0.0.1:9999"   "[::1]:9999"   "[fe80::1%eth0]:9999"   "localhost:9999"
///     ":9999" (every address of this machine, IPv4 and IPv6)     "unix:/run/x.sock"
///
/// Strict: decimal ports, four decimal parts for IPv4 (no `127.1`, no hexadecimal, no leading
/// zeros), IPv6 in brackets. Names are checked for form (RFC 1123 §2.1, 253 characters) and looked
/// up only when they are used. An address is a value: cheap to move, comparable.
///
/// An IPv4-mapped IPv6 address is the IPv4 address: "[::ffff:192.0.2.1]:80" and "192.0.2.1:80" are
/// equal, print alike and reach the same host.
///
/// errors  parsing throws error(errc::bad_address), and the text says what was wrong and how to
///         write it.
class address {
 public:
  address() noexcept = default;
  address(std::string_view text);
  address(const char* text) : address(std::string_view(text)) {}
  address(const std::string& text) : address(std::string_view(text)) {}

  [[nodiscard]] static address ip4(std::array<std::uint8_t, 4> bytes, std::uint16_t port) noexcept;
  /// Of kind ip4 when the bytes are those of an IPv4-mapped address.
  [[nodiscard]] static address ip6(std::array<std::uint8_t, 16> bytes, std::uint16_t port,
                                   std::uint32_t scope = 0) noexcept;
  /// A unix socket file; a leading '@' means the abstract namespace (unix(7)).
  [[nodiscard]] static address unix_socket(std::string path);

  [[nodiscard]] address_kind kind() const noexcept { return kind_; }
  [[nodiscard]] bool is_ip() const noexcept {
    return kind_ == address_kind::ip4 || kind_ == address_kind::ip6;
  }
  [[nodiscard]] bool is_name() const noexcept { return kind_ == address_kind::name; }
  [[nodiscard]] bool is_unix() const noexcept { return kind_ == address_kind::unix_socket; }
  [[nodiscard]] bool is_loopback() const noexcept;

  /// The port; 0 for unix sockets.
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] address with_port(std::uint16_t port) const;

  /// The host as text, without brackets or port: "127.0.0.1", "::1", "localhost", "" for any; the
  /// path of a unix socket.
  [[nodiscard]] std::string host() const;

  /// The whole address as one would write it: it parses back to an equal one.
  [[nodiscard]] std::string str() const;

  /// The part that is kept as text: the name, the path, or the %zone of a link-local address. Empty
  /// when there is none.
  [[nodiscard]] std::string_view text() const noexcept BIGHT_BORROWS { return text_.view(); }

  /// The bytes of an IP address in network order: 4 or 16 of them count.
  [[nodiscard]] const std::array<std::uint8_t, 16>& bytes() const noexcept { return ip_; }
  /// The interface index of a link-local IPv6 address, or 0.
  [[nodiscard]] std::uint32_t scope() const noexcept { return scope_; }

  // ── The way back ────────────────────────────────────────────────────────────────────────────

  /// The address of this machine, with port 0, that a datagram to this address is sent from. The
  /// sender of a received datagram has it: the address that the datagram was sent to. So an answer
  /// to the sender leaves from the address that was asked. Of kind none: the system chooses.
  ///
  /// Only a socket that is bound to every address (":9999", "0.0.0.0:9999") sets it, and only such
  /// a socket follows it. A multicast or broadcast address is never a source: there, and when the
  /// machine has lost the address, the system chooses. Comparison ignores it.
  [[nodiscard]] address source() const;
  /// The same address, to be sent to from `local`, an IP address of the same family (asserted).
  [[nodiscard]] address with_source(const address& local) const;

  [[nodiscard]] bool has_source() const noexcept { return has_source_; }
  /// The bytes of source(): 4 or 16 of them count.
  [[nodiscard]] const std::array<std::uint8_t, 16>& source_bytes() const noexcept {
    return source_ip_;
  }
  /// The interface index, when source() is link-local.
  [[nodiscard]] std::uint32_t source_scope() const noexcept { return source_scope_; }
  /// For engines.
  void set_source(const std::array<std::uint8_t, 16>& bytes, std::uint32_t scope = 0) noexcept {
    has_source_ = true;
    source_ip_ = bytes;
    source_scope_ = scope;
  }

  /// Whether both mean the same place; source() does not count.
  friend bool operator==(const address& a, const address& b) noexcept {
    return a.kind_ == b.kind_ && a.port_ == b.port_ && a.scope_ == b.scope_ && a.ip_ == b.ip_ &&
           a.text_ == b.text_;
  }

 private:
  // Text that the addresses of packets never have: a null pointer then, where a std::string would
  // be half of what moving an address costs.
  class rare_text {
   public:
    rare_text() noexcept = default;
    rare_text(std::string_view text) : text_(new std::string(text)) {}
    rare_text(const rare_text& other) : text_(other.text_ != nullptr ? other.copied() : nullptr) {}
    rare_text(rare_text&& other) noexcept : text_(std::exchange(other.text_, nullptr)) {}
    rare_text& operator=(rare_text other) noexcept {
      std::swap(text_, other.text_);
      return *this;
    }
    ~rare_text() {
      if (text_ != nullptr) free();
    }
    [[nodiscard]] std::string_view view() const noexcept {
      return text_ != nullptr ? std::string_view(*text_) : std::string_view();
    }
    friend bool operator==(const rare_text& a, const rare_text& b) noexcept {
      return a.view() == b.view();
    }

   private:
    [[nodiscard, gnu::cold]] const std::string* copied() const;
    [[gnu::cold]] void free() noexcept;

    const std::string* text_ = nullptr;  // owned
  };

  address_kind kind_ = address_kind::none;
  bool has_source_ = false;
  std::uint16_t port_ = 0;
  std::uint32_t scope_ = 0;
  std::array<std::uint8_t, 16> ip_{};
  rare_text text_;  // the name, the path, or the %zone of a link-local address
  std::array<std::uint8_t, 16> source_ip_{};
  std::uint32_t source_scope_ = 0;
};

}  // namespace bight
