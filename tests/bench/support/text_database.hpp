#pragma once

#include <cstdint>
#include <string>

#include "support/cluster.hpp"

namespace bkp::bench {

/// Makes a database of text and jsonb: documents of words with natural frequencies (Zipf's law), a
/// history in jsonb, short labels; about `bytes` of COPY text, indexed, with a foreign key. The
/// same each time.
void make_text_database(const test::Cluster& cluster, const std::string& name, std::uint64_t bytes);

}  // namespace bkp::bench
