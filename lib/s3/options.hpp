#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace bkp::s3 {

/// How to reach a bucket, s3://BUCKET/PREFIX, beyond its URL. The secrets themselves are not here:
/// only where they are.

/// An AWS shared credentials file (INI): `aws_access_key_id`, `aws_secret_access_key` and
/// `aws_session_token` below [PROFILE]. Must be private (util::require_private).
struct CredentialsFile {
  std::filesystem::path file;
  std::string profile = "default";
  bool operator==(const CredentialsFile&) const = default;
};
/// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN; without the first, the file
/// AWS_SHARED_CREDENTIALS_FILE and in it AWS_PROFILE, or "default".
struct CredentialsEnvironment {
  bool operator==(const CredentialsEnvironment&) const = default;
};
/// A program that prints the JSON of AWS's `credential_process`, version 1.
struct CredentialsCommand {
  std::vector<std::string> arguments;
  bool operator==(const CredentialsCommand&) const = default;
};
/// The role of the EC2 instance, from its metadata service, version 2 (IMDSv2).
struct CredentialsInstance {
  /// Another address than 169.254.169.254, as AWS_EC2_METADATA_SERVICE_ENDPOINT gives it.
  std::string endpoint = "http://169.254.169.254";
  bool operator==(const CredentialsInstance&) const = default;
};
using CredentialsSource =
    std::variant<CredentialsEnvironment, CredentialsFile, CredentialsCommand, CredentialsInstance>;

enum class Addressing {
  path,          ///< https://ENDPOINT/BUCKET/KEY
  virtual_host,  ///< https://BUCKET.ENDPOINT/KEY
};

/// What no one may remove before its time, on a bucket with object lock.
struct ObjectLock {
  std::string mode;  ///< "GOVERNANCE" or "COMPLIANCE"
  int days = 0;
  bool operator==(const ObjectLock&) const = default;
};

struct Options {
  std::string endpoint;  ///< "https://s3.eu-central-1.example:9000"; empty: AWS's of the region
  std::string region = "us-east-1";
  Addressing addressing = Addressing::path;
  CredentialsSource credentials;
  std::optional<std::filesystem::path> ca_file;  ///< PEM; absent: the system's
  int parallel = 4;                              ///< parts of one object under way at once, 1 to 64
  std::string storage_class;                     ///< x-amz-storage-class; empty: the bucket's
  std::string
      server_side_encryption;  ///< x-amz-server-side-encryption: "AES256", "aws:kms"; or empty
  std::string kms_key;         ///< with "aws:kms": the key's id; may be empty
  std::optional<ObjectLock> object_lock;
  bool operator==(const Options&) const = default;
};

}  // namespace bkp::s3
