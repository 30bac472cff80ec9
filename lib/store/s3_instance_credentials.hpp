#pragma once

#include <string>

#include "store/s3_credentials.hpp"
#include "util/interrupt.hpp"

namespace bkp::store {

/// The credentials of an EC2 instance's role, from its metadata service, version 2: a token by PUT,
/// then the role's name, then its credentials (AWS, "Use the Instance Metadata Service to access
/// instance metadata"). `endpoint` without a "/" at the end. No proxy is asked. Throws Error{key},
/// after a few seconds where there is no such service.
S3Credentials instance_credentials(const std::string& endpoint, const util::Interrupt& interrupt);

}  // namespace bkp::store
