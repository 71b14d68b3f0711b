// SPDX-License-Identifier: MIT
//
// zlib, brotli and zstd behind one interface.
#include "base/text.hpp"
#include "http/decoder.hpp"
#include "http/fields.hpp"

#include <brotli/decode.h>
#include <fmt/format.h>
#include <zlib.h>
#include <zstd.h>

#include <new>

namespace bight::http {

namespace {

/// Every zstd decoder must accept a window of 8 MiB (RFC 8878 §3.1.1.1.2). A larger one would let
/// the server decide how much memory we allocate. Pages for browsers keep to 8 MiB (RFC 9659).
constexpr int zstd_window_log_max = 23;

error bad(std::string_view coding, std::string_view why) {
  return fault(errc::bad_encoding,
               fmt::format("invalid {} data: {}", coding, why.empty() ? "it is damaged" : why));
}

/// gzip, and "deflate". The latter means zlib's format (RFC 9110 §8.4.1.2), but some servers send
/// raw deflate data.
class zlib_codec final : public codec {
 public:
  explicit zlib_codec(bool gzip) : gzip_(gzip) {}
  ~zlib_codec() override {
    if (open_) inflateEnd(&z_);
  }

  std::size_t decode(std::string_view& in, std::span<std::byte> out) override {
    if (in.empty() && !open_) return 0;
    if (!open_ && !open(in)) return 0;
    const std::size_t room = out.size();
    while (true) {
      if (ended_) {
        if (in.empty()) return room - out.size();
        // RFC 1952 §2.2: further members may follow. Anything else is not gzip.
        if (!gzip_ || in.front() != '\x1f') throw bad(name(), "data after the end");
        if (inflateReset(&z_) != Z_OK) throw std::bad_alloc();
        ended_ = false;
      }
      z_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
      z_.avail_in = static_cast<uInt>(in.size());
      z_.next_out = reinterpret_cast<Bytef*>(out.data());
      z_.avail_out = static_cast<uInt>(out.size());
      const int r = inflate(&z_, Z_NO_FLUSH);
      in.remove_prefix(in.size() - z_.avail_in);
      out = out.last(z_.avail_out);
      if (r == Z_MEM_ERROR) throw std::bad_alloc();
      if (r != Z_OK && r != Z_STREAM_END && r != Z_BUF_ERROR)
        throw bad(name(), z_.msg != nullptr ? z_.msg : "");
      ended_ = r == Z_STREAM_END;
      if (out.empty() || (in.empty() && !ended_)) return room - out.size();
    }
  }
  bool complete() const noexcept override { return ended_ || (!open_ && first_.empty()); }

 private:
  const char* name() const noexcept { return gzip_ ? "gzip" : "deflate"; }

  // The first two bytes distinguish zlib's format from raw deflate (RFC 1950 §2.2).
  bool open(std::string_view& in) {
    int bits = MAX_WBITS + 16;
    if (!gzip_) {
      const auto take = std::min<std::size_t>(2 - first_.size(), in.size());
      const std::string seen = first_ + std::string(in.substr(0, take));
      if (seen.size() < 2) {
        first_ = seen;
        in.remove_prefix(take);
        return false;
      }
      const auto byte = [&seen](std::size_t i) { return static_cast<unsigned char>(seen[i]); };
      const bool wrapped = (byte(0) & 0x0F) == Z_DEFLATED && (byte(0) * 256 + byte(1)) % 31 == 0;
      bits = wrapped ? MAX_WBITS : -MAX_WBITS;
    }
    if (inflateInit2(&z_, bits) != Z_OK) throw std::bad_alloc();
    open_ = true;
    if (first_.empty()) return true;
    // The first byte was received alone. It produces no output.
    z_.next_in = reinterpret_cast<Bytef*>(first_.data());
    z_.avail_in = static_cast<uInt>(first_.size());
    Bytef nothing = 0;
    z_.next_out = &nothing;
    z_.avail_out = 1;
    if (const int r = inflate(&z_, Z_NO_FLUSH); r != Z_OK && r != Z_BUF_ERROR)
      throw bad(name(), z_.msg != nullptr ? z_.msg : "");
    first_.clear();
    return true;
  }

  const bool gzip_;
  bool open_ = false;
  bool ended_ = false;
  std::string first_;
  z_stream z_{};
};

class brotli_codec final : public codec {
 public:
  brotli_codec() : state_(BrotliDecoderCreateInstance(nullptr, nullptr, nullptr)) {
    if (state_ == nullptr) throw std::bad_alloc();
  }
  ~brotli_codec() override { BrotliDecoderDestroyInstance(state_); }

  std::size_t decode(std::string_view& in, std::span<std::byte> out) override {
    if (BrotliDecoderIsFinished(state_) != 0) {
      if (!in.empty()) throw bad("br", "data after the end");
      return 0;
    }
    std::size_t left = in.size();
    auto next = reinterpret_cast<const std::uint8_t*>(in.data());
    std::size_t room = out.size();
    auto to = reinterpret_cast<std::uint8_t*>(out.data());
    const auto r = BrotliDecoderDecompressStream(state_, &left, &next, &room, &to, nullptr);
    in.remove_prefix(in.size() - left);
    if (r == BROTLI_DECODER_RESULT_ERROR)
      throw bad("br", BrotliDecoderErrorString(BrotliDecoderGetErrorCode(state_)));
    if (r == BROTLI_DECODER_RESULT_SUCCESS && !in.empty()) throw bad("br", "data after the end");
    return out.size() - room;
  }
  bool complete() const noexcept override {
    return BrotliDecoderIsUsed(state_) == 0 || BrotliDecoderIsFinished(state_) != 0;
  }

 private:
  BrotliDecoderState* state_;
};

class zstd_codec final : public codec {
 public:
  zstd_codec() : stream_(ZSTD_createDStream()) {
    if (stream_ == nullptr) throw std::bad_alloc();
    ZSTD_DCtx_setParameter(stream_, ZSTD_d_windowLogMax, zstd_window_log_max);
  }
  ~zstd_codec() override { ZSTD_freeDStream(stream_); }

  std::size_t decode(std::string_view& in, std::span<std::byte> out) override {
    ZSTD_inBuffer from{in.data(), in.size(), 0};
    ZSTD_outBuffer to{out.data(), out.size(), 0};
    // Frames may follow one another (RFC 8878 §3.1). Stop when a call makes no progress.
    while (to.pos < to.size && (from.pos < from.size || hint_ != 0)) {
      const std::size_t before = from.pos + to.pos;
      hint_ = ZSTD_decompressStream(stream_, &to, &from);
      if (ZSTD_isError(hint_) != 0) throw bad("zstd", ZSTD_getErrorName(hint_));
      if (from.pos + to.pos == before) break;
    }
    in.remove_prefix(from.pos);
    return to.pos;
  }
  bool complete() const noexcept override { return hint_ == 0; }

 private:
  ZSTD_DStream* stream_;
  std::size_t hint_ = 0;  // suggested size of the next input; 0 at the end of a frame
};

}  // namespace

std::unique_ptr<codec> make_codec(std::string_view encoding) {
  encoding = trimmed(encoding);
  if (encoding.empty() || same_name(encoding, "identity")) return nullptr;
  if (same_name(encoding, "gzip") || same_name(encoding, "x-gzip"))
    return std::make_unique<zlib_codec>(true);
  if (same_name(encoding, "deflate")) return std::make_unique<zlib_codec>(false);
  if (same_name(encoding, "br")) return std::make_unique<brotli_codec>();
  if (same_name(encoding, "zstd")) return std::make_unique<zstd_codec>();
  throw fault(errc::bad_encoding,
              fmt::format("the response has the Content-Encoding \"{}\", which was not requested",
                          printable(encoding)));
}

}  // namespace bight::http
