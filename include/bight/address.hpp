// SPDX-License-Identifier: MIT
#pragma once

/// Socket addresses: IP, host name or unix socket, parsed from text.

#include <bight/machinery/attributes.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace bight {

/// The kind of an address.
enum class address_kind : std::uint8_t {
  none,         ///< no address
  any,          ///< all addresses of this machine: ":9999"
  ip4,          ///< "127.0.0.1:9999"
  ip6,          ///< "[::1]:9999"
  name,         ///< a name to resolve: "localhost:9999"
  unix_socket,  ///< "unix:/run/x.sock"
};

/// A family of IP addresses. The value is the version number.
enum class address_family : std::uint8_t { ip4 = 4, ip6 = 6 };

/// The address of a socket, numeric or by name:
///
///     "127.0.0.1:9999"   "[::1]:9999"   "[fe80::1%eth0]:9999"   "localhost:9999"
///     ":9999" (all addresses of this machine, IPv4 and IPv6)     "unix:/run/x.sock"
///
/// Parsing is strict. Ports are decimal. An IPv4 address has four decimal parts (no `127.1`, no
/// hexadecimal, no leading zeros). An IPv6 address is in brackets. The syntax of a name is checked
/// (RFC 1123 §2.1, at most 253 characters); the name is resolved only when the address is used.
/// An address is a value: cheap to move, comparable.
///
/// An IPv4-mapped IPv6 address is stored as the IPv4 address: "[::ffff:192.0.2.1]:80" and
/// "192.0.2.1:80" are equal, print the same text and reach the same host.
///
/// errors  parsing throws error(errc::bad_address); the message gives the reason and the correct
///         form.
class address {
 public:
  address() noexcept = default;
  address(std::string_view text);
  address(const char* text) : address(std::string_view(text)) {}
  address(const std::string& text) : address(std::string_view(text)) {}

  [[nodiscard]] static address ip4(std::array<std::uint8_t, 4> bytes, std::uint16_t port) noexcept;
  /// Makes an IPv6 address, or one of kind ip4 if the bytes are an IPv4-mapped address.
  [[nodiscard]] static address ip6(std::array<std::uint8_t, 16> bytes, std::uint16_t port,
                                   std::uint32_t scope = 0) noexcept;
  /// Makes the address of a unix socket file. A leading '@' means the abstract namespace (unix(7)).
  ///
  /// errors  bad_address if the path is empty, longer than 107 bytes, or contains a NUL byte (an
  ///         abstract name may).
  [[nodiscard]] static address unix_socket(std::string path);

  [[nodiscard]] address_kind kind() const noexcept { return kind_; }
  [[nodiscard]] bool is_ip() const noexcept {
    return kind_ == address_kind::ip4 || kind_ == address_kind::ip6;
  }
  [[nodiscard]] bool is_name() const noexcept { return kind_ == address_kind::name; }
  [[nodiscard]] bool is_unix() const noexcept { return kind_ == address_kind::unix_socket; }
  /// Whether this is 127.0.0.0/8, ::1, the name "localhost" (RFC 6761 §6.3) or a unix socket.
  [[nodiscard]] bool is_loopback() const noexcept;

  /// Returns the port; 0 for unix sockets.
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] address with_port(std::uint16_t port) const;

  /// Returns the host as text, without brackets or port: "127.0.0.1", "::1", "localhost". Returns
  /// "" for kind any, and the path for a unix socket.
  [[nodiscard]] std::string host() const;

  /// Returns the whole address as text, which parses back to an equal address. Kind none gives
  /// "(no address)".
  [[nodiscard]] std::string str() const;

  /// Returns the part that is stored as text: the name, the path, or the %zone of a link-local
  /// address. Empty if there is none.
  [[nodiscard]] std::string_view text() const noexcept BIGHT_BORROWS { return text_.view(); }

  /// Returns the bytes of an IP address in network order. IPv4 uses the first 4, IPv6 all 16.
  [[nodiscard]] const std::array<std::uint8_t, 16>& bytes() const noexcept { return ip_; }
  /// Returns the interface index of a link-local IPv6 address, or 0.
  [[nodiscard]] std::uint32_t scope() const noexcept { return scope_; }

  // ── Source address ──────────────────────────────────────────────────────────────────────────

  /// Returns the local address, with port 0, from which datagrams to this address are sent. Kind
  /// none means that the system chooses.
  ///
  /// The sender address of a received datagram carries it: it is the address to which the datagram
  /// was sent. A reply to the sender therefore leaves from that address.
  ///
  /// Only sockets bound to all addresses (":9999", "0.0.0.0:9999") set and use it. A multicast or
  /// broadcast address is never used as a source; the system chooses instead. The system also
  /// chooses if the machine no longer has the address. Comparison ignores the source.
  [[nodiscard]] address source() const;
  /// Returns this address with `local` as its source. Both must be IP addresses of the same family
  /// (asserted).
  [[nodiscard]] address with_source(const address& local) const;

  [[nodiscard]] bool has_source() const noexcept { return has_source_; }
  /// Returns the bytes of source(). IPv4 uses the first 4, IPv6 all 16.
  [[nodiscard]] const std::array<std::uint8_t, 16>& source_bytes() const noexcept {
    return source_ip_;
  }
  /// Returns the interface index of source() if that is link-local, else 0.
  [[nodiscard]] std::uint32_t source_scope() const noexcept { return source_scope_; }
  /// Sets the source. Called by engines.
  void set_source(const std::array<std::uint8_t, 16>& bytes, std::uint32_t scope = 0) noexcept {
    has_source_ = true;
    source_ip_ = bytes;
    source_scope_ = scope;
  }

  /// Whether both are the same address. source() is not compared.
  friend bool operator==(const address& a, const address& b) noexcept {
    return a.kind_ == b.kind_ && a.port_ == b.port_ && a.scope_ == b.scope_ && a.ip_ == b.ip_ &&
           a.text_ == b.text_;
  }

 private:
  // Optional text. The address of a packet has none, which costs one null pointer here; a
  // std::string would be half of the cost of moving an address.
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
