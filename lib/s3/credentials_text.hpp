#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "s3/credentials.hpp"

namespace bkp::s3 {

/// The texts credentials come in. What is thrown here is Error{key} and says what is wrong without
/// quoting the text, and without saying where it came from: the caller knows.

/// A shared credentials file (AWS, "Configuration and credential file settings"): lines
/// `name = value` below [profile] or [profile NAME]; "#" and ";" start comments; indented lines
/// belong to a nested setting and are passed over.
Credentials parse_credentials_file(std::string_view text, std::string_view profile);

/// What a `credential_process` prints, version 1 (AWS, "Source credentials with an external
/// process"): {"Version": 1, "AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"}.
Credentials parse_process_credentials(std::string_view json);

/// What the instance metadata service answers (AWS, "Retrieve security credentials from instance
/// metadata"): {"Code": "Success", "AccessKeyId", "SecretAccessKey", "Token", "Expiration"}.
Credentials parse_instance_credentials(std::string_view json);

}  // namespace bkp::s3
