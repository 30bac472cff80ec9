#include "bench/support/text_database.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <random>
#include <stdexcept>
#include <vector>

#include <fmt/format.h>

namespace bkp::bench {

namespace {

constexpr auto schema = R"sql(
create table authors (id int primary key, name text not null);
create table documents (
  id int primary key, author_id int not null references authors, created_at timestamptz not null,
  title text not null, body text not null, meta jsonb not null);
create index on documents (author_id, created_at);
)sql";

constexpr int author_count = 5000;

/// Writes prose that is none: invented words, the frequent ones short.
class Prose {
 public:
  Prose() {
    constexpr std::string_view consonants = "bcdfghklmnprstvw";
    constexpr std::string_view vowels = "aeiou";
    for (std::size_t rank = 0; rank < word_count; ++rank) {
      std::string word;
      const auto syllables =
          1 + static_cast<std::size_t>(std::log2(static_cast<double>(rank) + 2) / 3);
      for (std::size_t i = 0; i < syllables; ++i) {
        word += consonants[below(consonants.size())];
        word += vowels[below(vowels.size())];
        if (below(3) == 0) word += consonants[below(consonants.size())];
      }
      m_words.push_back(std::move(word));
    }
  }

  std::uint64_t below(std::uint64_t limit) { return m_random() % limit; }

  const std::string& word() {
    // Inverse of the distribution function of 1/rank.
    const double uniform = static_cast<double>(m_random() >> 11U) * 0x1.0p-53;
    const double rank = std::pow(static_cast<double>(word_count), uniform) - 1;
    return m_words[std::min(word_count - 1, static_cast<std::size_t>(rank))];
  }

  void append_words(std::string& text, std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) {
      if (i > 0) text += i % 11 == 10 ? ". " : " ";
      text += word();
    }
  }

 private:
  static constexpr std::size_t word_count = 30000;
  std::mt19937_64 m_random{20261121};
  std::vector<std::string> m_words;
};

void append_document(std::string& line, Prose& prose, int id) {
  const auto day = prose.below(365);
  fmt::format_to(std::back_inserter(line), "{}\t{}\t2026-01-01 00:00:00+00\t", id,
                 1 + prose.below(author_count));
  prose.append_words(line, 4 + prose.below(6));
  line += '\t';
  // Most are short, some go to TOAST.
  prose.append_words(line, 40 + prose.below(10) * prose.below(10) * prose.below(8));
  fmt::format_to(
      std::back_inserter(line),
      "\t{{\"status\": \"{}\", \"score\": {}.{:03}, \"tags\": [\"{}\", \"{}\"], \"history\": [",
      prose.below(5) == 0 ? "draft" : "approved", prose.below(100), prose.below(1000), prose.word(),
      prose.word());
  const auto changes = 1 + prose.below(6);
  for (std::uint64_t i = 0; i < changes; ++i) {
    fmt::format_to(
        std::back_inserter(line), "{}{{\"day\": {}, \"by\": {}, \"action\": \"{}\", \"note\": \"",
        i > 0 ? ", " : "", day + i, prose.below(author_count), i == 0 ? "created" : "changed");
    prose.append_words(line, 3 + prose.below(8));
    line += "\"}";
  }
  line += "]}\n";
}

void write_documents(const std::filesystem::path& file, std::uint64_t bytes) {
  std::ofstream out{file};
  Prose prose;
  std::string lines;
  int id = 0;
  for (std::uint64_t written = 0; written < bytes; written += lines.size()) {
    lines.clear();
    for (int i = 0; i < 100; ++i) append_document(lines, prose, ++id);
    out << lines;
  }
  if (!out.flush()) throw std::runtime_error{"cannot write " + file.string()};
}

}  // namespace

void make_text_database(const test::Cluster& cluster, const std::string& name,
                        std::uint64_t bytes) {
  const auto file = cluster.make_directory("documents") / "documents.copy";
  write_documents(file, bytes);
  cluster.create_database(name);
  cluster.psql(name, schema);
  cluster.psql(name, fmt::format("insert into authors select i, 'author ' || i from "
                                 "generate_series(1, {}) i",
                                 author_count));
  cluster.psql(name, fmt::format("\\copy documents from '{}'", file.string()));
  cluster.psql(name, "vacuum analyze");
  std::filesystem::remove_all(file.parent_path());
}

}  // namespace bkp::bench
