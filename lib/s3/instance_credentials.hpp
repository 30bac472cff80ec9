#pragma once

#include <string>

#include "s3/credentials.hpp"
#include "util/interrupt.hpp"

namespace bkp::s3 {

/// The credentials of an EC2 instance's role, from its metadata service, version 2: a token by PUT,
/// then the role's name, then its credentials (AWS, "Use the Instance Metadata Service to access
/// instance metadata"). `endpoint` without a "/" at the end. No proxy is asked. Throws Error{key},
/// after a few seconds where there is no such service.
Credentials instance_credentials(const std::string& endpoint, const util::Interrupt& interrupt);

}  // namespace bkp::s3
