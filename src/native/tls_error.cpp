#include "native/tls_error.hpp"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>
#include <vector>

#include "native/openssl_handles.hpp"

namespace reqivo::native {

namespace {

/// Text from a certificate is the peer's: this much of it is shown.
constexpr std::size_t longest_name = 100;
constexpr std::size_t most_names = 4;

std::string printable(std::string_view text) {
  std::string result;
  for (const char character : text.substr(0, longest_name)) {
    result += character >= ' ' && character <= '~' ? character : '?';
  }
  if (text.size() > longest_name) result += "...";
  return result;
}

/// What `BIO_s_mem` functions of OpenSSL printed.
std::string_view printed(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return size > 0 ? std::string_view(data, static_cast<std::size_t>(size)) : std::string_view();
}

std::string name_text(const X509_NAME* name) {
  const BioHandle bio(BIO_new(BIO_s_mem()));
  if (!bio || name == nullptr) return "?";
  X509_NAME_print_ex(bio.get(), name, 0,
                     XN_FLAG_ONELINE & ~static_cast<unsigned long>(XN_FLAG_SPC_EQ));
  return "\"" + printable(printed(bio.get())) + "\"";
}

std::string time_text(const ASN1_TIME* time) {
  const BioHandle bio(BIO_new(BIO_s_mem()));
  if (!bio || ASN1_TIME_print(bio.get(), time) != 1) return "?";
  return printable(printed(bio.get()));
}

std::string_view as_text(const ASN1_STRING* string) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
          static_cast<std::size_t>(ASN1_STRING_length(string))};
}

std::string address_text(const ASN1_OCTET_STRING* address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int size = ASN1_STRING_length(address);
  if (size != 4 && size != 16) return "?";
  const int family = size == 4 ? AF_INET : AF_INET6;
  const void* bytes = ASN1_STRING_get0_data(address);
  return inet_ntop(family, bytes, text.data(), text.size()) != nullptr ? text.data() : "?";
}

struct FreeNames {
  void operator()(GENERAL_NAMES* names) const noexcept { GENERAL_NAMES_free(names); }
};

/// The hosts and addresses of the subjectAltName extension.
std::vector<std::string> names_of(const X509* certificate) {
  std::vector<std::string> result;
  const std::unique_ptr<GENERAL_NAMES, FreeNames> names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int index = 0; names && index < sk_GENERAL_NAME_num(names.get()); ++index) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), index);
    if (name->type == GEN_DNS) result.push_back(printable(as_text(name->d.dNSName)));
    if (name->type == GEN_IPADD) result.push_back(address_text(name->d.iPAddress));
  }
  return result;
}

std::string mismatch_text(const X509* certificate, std::string_view host) {
  const std::vector<std::string> names = names_of(certificate);
  const std::string wanted = printable(host);
  if (names.empty()) return "host name mismatch: the certificate names no host, wanted " + wanted;
  std::string text = "host name mismatch: the certificate is for ";
  const std::size_t shown = std::min(names.size(), most_names);
  for (std::size_t index = 0; index < shown; ++index) {
    if (index > 0) text += ", ";
    text += names[index];
  }
  if (names.size() > shown) text += " and " + std::to_string(names.size() - shown) + " more";
  return text + ", not for " + wanted;
}

std::string unknown_issuer_text(const X509* certificate) {
  if (certificate == nullptr) return "unknown issuer";
  return "unknown issuer: no trusted certificate of " +
         name_text(X509_get_issuer_name(certificate));
}

/// "certificate", or which one of the chain where it is not the server's own.
std::string which_certificate(const X509* certificate, int depth) {
  if (depth <= 0 || certificate == nullptr) return "certificate";
  return "the issuer's certificate " + name_text(X509_get_subject_name(certificate));
}

struct Alert {
  int number;
  const char* name;
};

/// RFC 8446 §6 and, for older ones, RFC 5246 §7.2.
constexpr std::array<Alert, 30> alerts{{{10, "unexpected message"},
                                        {20, "bad record MAC"},
                                        {21, "decryption failed"},
                                        {22, "record overflow"},
                                        {30, "decompression failure"},
                                        {40, "handshake failure"},
                                        {41, "no certificate"},
                                        {42, "bad certificate"},
                                        {43, "unsupported certificate"},
                                        {44, "certificate revoked"},
                                        {45, "certificate expired"},
                                        {46, "certificate unknown"},
                                        {47, "illegal parameter"},
                                        {48, "unknown CA"},
                                        {49, "access denied"},
                                        {50, "decode error"},
                                        {51, "decrypt error"},
                                        {70, "protocol version"},
                                        {71, "insufficient security"},
                                        {80, "internal error"},
                                        {86, "inappropriate fallback"},
                                        {90, "user canceled"},
                                        {100, "no renegotiation"},
                                        {109, "missing extension"},
                                        {110, "unsupported extension"},
                                        {112, "unrecognized name"},
                                        {113, "bad certificate status response"},
                                        {115, "unknown PSK identity"},
                                        {116, "certificate required"},
                                        {120, "no application protocol"}}};

std::string alert_text(int number) {
  const auto* const found = std::find_if(
      alerts.begin(), alerts.end(), [&](const Alert& alert) { return alert.number == number; });
  const std::string name = found != alerts.end() ? found->name : "number " + std::to_string(number);
  return "the server ended TLS with the alert \"" + name + "\"";
}

std::string reason_text(unsigned long error) {
  const char* reason = ERR_reason_error_string(error);
  return reason != nullptr ? reason : "error " + std::to_string(error);
}

std::string ssl_reason_text(unsigned long error, int least_version) {
  switch (ERR_GET_REASON(error)) {
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_WRONG_SSL_VERSION:
    case SSL_R_WRONG_VERSION_NUMBER:
      return std::string("the server speaks no accepted protocol version: at least ") +
             (least_version >= TLS1_3_VERSION ? "TLS 1.3" : "TLS 1.2") + " is wanted";
    case SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC:
      return "a TLS record does not decrypt: it was damaged or forged on the way";
    case SSL_R_UNEXPECTED_EOF_WHILE_READING:
      return "the server closed the connection in the TLS handshake";
    default:
      return "TLS failed: " + reason_text(error);
  }
}

}  // namespace

detail::Failure tls_failure(std::string what, bool retryable) {
  return {ErrorCode::tls, Phase::tls, std::move(what), retryable};
}

std::string take_openssl_reason() {
  const unsigned long error = ERR_peek_error();
  ERR_clear_error();
  return error != 0 ? reason_text(error) : "no reason given";
}

std::string describe_refusal(X509_STORE_CTX* verification, std::string_view host) {
  const X509* certificate = X509_STORE_CTX_get_current_cert(verification);
  const int error = X509_STORE_CTX_get_error(verification);
  const std::string which =
      which_certificate(certificate, X509_STORE_CTX_get_error_depth(verification));
  switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return which + " has expired (" + time_text(X509_get0_notAfter(certificate)) + ")";
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return which + " is not yet valid (from " + time_text(X509_get0_notBefore(certificate)) + ")";
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      return "self-signed certificate";
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return unknown_issuer_text(certificate);
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return mismatch_text(certificate, host);
    case X509_V_ERR_CERT_REVOKED:
      return which + " is revoked";
    default:
      return which + " refused: " + X509_verify_cert_error_string(error);
  }
}

std::string describe_non_tls(std::string_view first_bytes) {
  if (first_bytes.starts_with("HTTP/")) {
    return "the server does not speak TLS on this port: it answered in plain HTTP";
  }
  // A record starts with its type, 20 to 23 here, and the major version 3 (RFC 8446 §5.1).
  const bool type_fits = !first_bytes.empty() && first_bytes[0] >= 20 && first_bytes[0] <= 23;
  const bool version_fits = first_bytes.size() < 2 || first_bytes[1] == 3;
  if (first_bytes.empty() || (type_fits && version_fits)) return {};
  return "the server does not speak TLS on this port";
}

std::string describe_tls_failure(const TlsFailureContext& context) {
  // The first entry may be a cipher's own complaint, on top of which the TLS layer says what it
  // means.
  unsigned long error = ERR_peek_error();
  if (ERR_GET_LIB(error) != ERR_LIB_SSL) error = ERR_peek_last_error();
  ERR_clear_error();
  if (!context.refusal.empty()) return std::string(context.refusal);
  if (std::string text = describe_non_tls(context.first_bytes); !text.empty()) return text;
  if (error == 0) return "TLS failed: no reason given, such as for want of memory";
  if (ERR_GET_LIB(error) != ERR_LIB_SSL) return "TLS failed: " + reason_text(error);
  const int alert = ERR_GET_REASON(error) - SSL_AD_REASON_OFFSET;
  if (alert >= 0 && alert <= 255) return alert_text(alert);
  return ssl_reason_text(error, context.least_version);
}

}  // namespace reqivo::native
