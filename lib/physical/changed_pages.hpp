#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "pg/lsn.hpp"
#include "physical/page_mark.hpp"
#include "physical/page_reader.hpp"
#include "run/context.hpp"

namespace bkp::physical {

/// Knows which pages of a file are not as the backup before has them: a page too many costs space,
/// a page too few is data lost.
class ChangedPages {
 public:
  virtual ~ChangedPages() = default;
  /// Ascending, each below the file's size; `before` are the marks of the file's pages in the
  /// backup before. Pages that this has not are among them. Any thread.
  virtual std::vector<std::uint32_t> find(const PageReader& file,
                                          std::span<const PageMark> before) const = 0;
};

/// By looking at every page: changed is what has another mark, or an LSN that is not older than the
/// beginning of the backup before.
class ScannedPages final : public ChangedPages {
 public:
  ScannedPages(const run::Context& context, pg::Lsn start_before)
      : m_context{context}, m_start{start_before} {}
  std::vector<std::uint32_t> find(const PageReader& file,
                                  std::span<const PageMark> before) const override;

 private:
  const run::Context& m_context;
  pg::Lsn m_start;
};

}  // namespace bkp::physical
