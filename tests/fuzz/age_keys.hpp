#pragma once

#include <string>

#include "seal/unsealing.hpp"

namespace bkp::fuzz {

/// What opens the files of tests/data/age-testkit.
inline seal::Keyring testkit_keys() {
  return {{seal::Identity::parse(
              "AGE-SECRET-KEY-1EGTZVFFV20835NWYV6270LXYVK2VKNX2MMDKWYKLMGR48UAWX40Q2P2LM0")},
          [] { return std::string{"password"}; }};
}

}  // namespace bkp::fuzz
