// SPDX-License-Identifier: MIT
#include "contract/certificates.hpp"

#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

namespace contract {

namespace {

using bight::tls::identity;

template <auto Free>
struct freed_by {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using file_ptr = std::unique_ptr<std::FILE, freed_by<std::fclose>>;
using key_ptr = std::unique_ptr<EVP_PKEY, freed_by<EVP_PKEY_free>>;
using x509_ptr = std::unique_ptr<X509, freed_by<X509_free>>;

void need(bool worked, const char* what) {
  if (!worked) throw std::runtime_error(std::string("certificate: ") + what);
}

file_ptr open(const std::string& path, const char* how) {
  file_ptr f(std::fopen(path.c_str(), how));
  need(f != nullptr, path.c_str());
  return f;
}

key_ptr read_key(const std::string& path) {
  return key_ptr(PEM_read_PrivateKey(open(path, "r").get(), nullptr, nullptr, nullptr));
}

void extend(X509* x, X509* issuer, int what, const std::string& value) {
  if (value.empty()) return;
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, x, nullptr, nullptr, 0);
  X509_EXTENSION* e = X509V3_EXT_conf_nid(nullptr, &context, what, value.c_str());
  need(e != nullptr && X509_add_ext(x, e, -1) == 1, value.c_str());
  X509_EXTENSION_free(e);
}

}  // namespace

certificates::certificates() {
  std::string name = (std::filesystem::temp_directory_path() / "bight-XXXXXX").string();
  need(mkdtemp(name.data()) != nullptr, "mkdtemp");
  directory_ = name;
}

certificates::~certificates() { std::filesystem::remove_all(directory_); }

std::string certificates::next(const char* suffix) {
  return (directory_ / (std::to_string(++made_) + suffix)).string();
}

std::string certificates::file(const std::string& text) {
  const std::string path = next(".txt");
  std::ofstream(path) << text;
  return path;
}

identity certificates::authority(const std::string& name) {
  certificate_plan plan;
  plan.common_name = name;
  plan.names.clear();
  plan.constraints = "critical,CA:TRUE";
  plan.usage.clear();
  return make(plan);
}

identity certificates::make(const certificate_plan& plan, const identity& issuer) {
  const identity made{next(".pem"), next(".key")};
  const key_ptr key(plan.rsa_bits > 0 ? EVP_RSA_gen(static_cast<unsigned>(plan.rsa_bits))
                                      : EVP_EC_gen("P-256"));
  const x509_ptr x(X509_new());
  need(key != nullptr && x != nullptr, "new");
  X509_set_version(x.get(), X509_VERSION_3);
  unsigned char serial[8];
  RAND_bytes(serial, sizeof serial);
  std::uint64_t number = 0;
  for (const unsigned char byte : serial) number = number << 8 | byte;
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(x.get()), number >> 1);
  X509_gmtime_adj(X509_getm_notBefore(x.get()), plan.valid_from);
  X509_gmtime_adj(X509_getm_notAfter(x.get()), plan.valid_until);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(x.get()), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(plan.common_name.c_str()), -1,
                             -1, 0);
  X509_set_pubkey(x.get(), key.get());
  x509_ptr parent;
  key_ptr signer;
  if (!issuer.certificate.empty()) {
    parent.reset(PEM_read_X509(open(issuer.certificate, "r").get(), nullptr, nullptr, nullptr));
    signer = read_key(issuer.key);
  }
  X509* by = parent != nullptr ? parent.get() : x.get();
  X509_set_issuer_name(x.get(), X509_get_subject_name(by));
  extend(x.get(), by, NID_basic_constraints, plan.constraints);
  extend(x.get(), by, NID_ext_key_usage, plan.usage);
  extend(x.get(), by, NID_subject_alt_name, plan.names);
  need(X509_sign(x.get(), signer != nullptr ? signer.get() : key.get(),
                 plan.sha1 ? EVP_sha1() : EVP_sha256()) > 0,
       "sign");
  PEM_write_PrivateKey(open(made.key, "w").get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  PEM_write_X509(open(made.certificate, "w").get(), x.get());
  if (parent != nullptr) {  // the chain, root and all: who receives it does not mind
    std::ifstream above(issuer.certificate);
    std::ofstream(made.certificate, std::ios::app) << above.rdbuf();
  }
  return made;
}

std::string certificates::encrypted(const std::string& key) {
  const std::string path = next(".key");
  const key_ptr k = read_key(key);
  PEM_write_PKCS8PrivateKey(open(path, "w").get(), k.get(), EVP_aes_128_cbc(), "secret-word", 11,
                            nullptr, nullptr);
  return path;
}

}  // namespace contract
