#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"
#include "verify/check.hpp"

namespace bkp::verify {

/// Whether a query's value is what was expected. `expected` is a value, compared as a number where
/// both are numbers and as text otherwise, with t, f, true and false for truth; or a comparison:
/// one of = != <> < <= > >= and a value. Returns why not, empty when it is. Throws Error{config}
/// for a comparison without a value.
std::string compare_value(std::string_view found, std::string_view expected);

/// The user's assertions about `database`, each a read-only transaction with a time limit: the
/// query must give one row of one column, not NULL.
std::vector<Probe> assertion_probes(const std::vector<config::Assertion>& assertions,
                                    std::string_view database);

}  // namespace bkp::verify
