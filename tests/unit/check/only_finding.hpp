#pragma once

#include <catch2/catch.hpp>

#include "check/findings.hpp"

namespace bkp::check {

/// Of findings of which there must be one.
inline const Finding& only(const Findings& findings) {
  INFO(to_text(findings));
  REQUIRE(findings.all().size() == 1);
  return findings.all().front();
}

}  // namespace bkp::check
