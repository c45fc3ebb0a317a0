#include "test_certificates.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <system_error>

namespace reqivo::testing {

namespace {

void require(bool good, const char* what) {
  if (good) return;
  ERR_clear_error();
  throw std::runtime_error(std::string("test certificate: ") + what);
}

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

void add_extension(X509* certificate, const X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, const_cast<X509*>(issuer), certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  require(extension != nullptr, "extension");
  const int added = X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
  require(added == 1, "adding an extension");
}

void set_serial(X509* certificate) {
  long serial = 0;
  require(RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof(serial)) == 1, "serial");
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial & 0x7fffffffL);
}

std::string joined(const std::vector<std::string>& names) {
  std::string result;
  for (const std::string& name : names) {
    if (!result.empty()) result += ',';
    result += name;
  }
  return result;
}

}  // namespace

std::string Identity::certificate_pem() const {
  const native::BioHandle bio(BIO_new(BIO_s_mem()));
  require(PEM_write_bio_X509(bio.get(), certificate.get()) == 1, "writing PEM");
  return text_of(bio.get());
}

std::string Identity::key_pem() const { return encrypted_key_pem(nullptr); }

std::string Identity::encrypted_key_pem(const char* password) const {
  const native::BioHandle bio(BIO_new(BIO_s_mem()));
  const EVP_CIPHER* cipher = password != nullptr ? EVP_aes_128_cbc() : nullptr;
  require(PEM_write_bio_PKCS8PrivateKey(bio.get(), key.get(), cipher, nullptr, 0, nullptr,
                                        const_cast<char*>(password)) == 1,
          "writing a key");
  return text_of(bio.get());
}

Identity CertificateRequest::issue(const Identity* issuer) const {
  Identity made{native::CertificateHandle(X509_new()), native::KeyHandle(EVP_EC_gen("P-256"))};
  X509* certificate = made.certificate.get();
  require(certificate != nullptr && made.key, "making a key");
  const X509* signer = issuer != nullptr ? issuer->certificate.get() : certificate;
  X509_set_version(certificate, 2);
  set_serial(certificate);
  X509_gmtime_adj(X509_getm_notBefore(certificate), from_);
  X509_gmtime_adj(X509_getm_notAfter(certificate), until_);
  X509_set_pubkey(certificate, made.key.get());
  X509_NAME* subject = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name_.c_str()), -1, -1, 0);
  X509_set_issuer_name(certificate, X509_get_subject_name(signer));
  add_extension(certificate, signer, NID_basic_constraints,
                authority_ ? "critical,CA:TRUE" : "critical,CA:FALSE");
  add_extension(certificate, signer, NID_subject_key_identifier, "hash");
  if (authority_) add_extension(certificate, signer, NID_key_usage, "critical,keyCertSign,cRLSign");
  if (!alternatives_.empty()) {
    add_extension(certificate, signer, NID_subject_alt_name, joined(alternatives_));
  }
  EVP_PKEY* key = issuer != nullptr ? issuer->key.get() : made.key.get();
  require(X509_sign(certificate, key, EVP_sha256()) > 0, "signing");
  return made;
}

TemporaryDirectory::TemporaryDirectory() {
  std::string name = (std::filesystem::temp_directory_path() / "reqivo-test-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary directory");
  path_ = name;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TemporaryDirectory::path(std::string_view name) const {
  return (path_ / name).string();
}

std::string TemporaryDirectory::write(std::string_view name, std::string_view content) const {
  std::ofstream file(path(name), std::ios::binary);
  file << content;
  file.close();
  if (!file) throw std::runtime_error("cannot write " + path(name));
  return path(name);
}

}  // namespace reqivo::testing
