#include "recover/cluster_file_sinks.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "physical/incremental_file.hpp"
#include "util/error.hpp"
#include "util/fd.hpp"
#include "util/files.hpp"
#include "util/text.hpp"

namespace bkp::recover {

using util::Error;
using util::ErrorKind;

namespace {

Error failed(const std::filesystem::path& path) {
  return Error::from_errno(ErrorKind::store, "cannot write " + util::quoted(path.string()), errno);
}

util::Fd make_file(const std::filesystem::path& path, unsigned mode) {
  auto file = util::open_file(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, mode & 0777U);
  if (::fchmod(file.get(), mode & 0777U) != 0) throw failed(path);
  return file;
}

void write_at(const util::Fd& file, std::span<const std::byte> bytes, std::uint64_t offset,
              const std::filesystem::path& path) {
  while (!bytes.empty()) {
    const auto wrote =
        ::pwrite(file.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) throw failed(path);
    bytes = bytes.subspan(static_cast<std::size_t>(wrote));
    offset += static_cast<std::uint64_t>(wrote);
  }
}

class WholeFile final : public stream::Sink {
 public:
  WholeFile(std::filesystem::path path, unsigned mode)
      : m_path{std::move(path)}, m_file{make_file(m_path, mode)} {}
  void write(std::span<const std::byte> data) override {
    util::write_all(m_file.get(), data, m_path.string());
  }
  void finish() override { m_file.close(m_path.string()); }
  void abort() noexcept override {}

 private:
  std::filesystem::path m_path;
  util::Fd m_file;
};

class SomePages final : public stream::Sink {
 public:
  SomePages(std::filesystem::path path, unsigned mode, std::string name, MissingPages& missing,
            std::atomic<std::uint64_t>& bytes)
      : m_path{std::move(path)},
        m_file{make_file(m_path, mode)},
        m_reader{name,
                 [this, name, &missing, &bytes](const physical::IncrementalHeader& header) {
                   const auto size = std::uint64_t{header.pages} * pg::page_size;
                   if (::ftruncate(m_file.get(), static_cast<off_t>(size)) != 0)
                     throw failed(m_path);
                   missing.enter(name, header.pages, header.blocks);
                   bytes += size;
                 },
                 [this](std::uint32_t block, pg::Page page) {
                   write_at(m_file, page, std::uint64_t{block} * pg::page_size, m_path);
                 }} {}
  void write(std::span<const std::byte> data) override { m_reader.write(data); }
  void finish() override {
    m_reader.finish();
    m_file.close(m_path.string());
  }
  void abort() noexcept override {}

 private:
  std::filesystem::path m_path;
  util::Fd m_file;
  physical::IncrementalReader m_reader;
};

/// The pages of a file that are still missing.
class Filling {
 public:
  Filling(std::filesystem::path path, UnfinishedFile& file, GivenPages& given)
      : m_path{std::move(path)},
        m_file{util::open_file(m_path, O_WRONLY | O_NOFOLLOW)},
        m_state{file},
        m_given{given} {}

  /// Whole pages one behind the other, from `block` on.
  void offer(std::uint32_t block, std::span<const std::byte> pages) {
    while (!pages.empty()) {
      std::size_t run = 0;
      while (run * pg::page_size < pages.size() && is_missing(block + run)) ++run;
      if (run == 0) {
        ++block;
        pages = pages.subspan(pg::page_size);
        continue;
      }
      write_at(m_file, pages.first(run * pg::page_size), std::uint64_t{block} * pg::page_size,
               m_path);
      pages = pages.subspan(run * pg::page_size);
      for (; run > 0; --run) m_given.give(m_state, block++);
    }
  }

  void close() { m_file.close(m_path.string()); }

 private:
  bool is_missing(std::size_t block) const {
    return block < m_state.missing.size() && m_state.missing[block];
  }

  std::filesystem::path m_path;
  util::Fd m_file;
  UnfinishedFile& m_state;
  GivenPages& m_given;
};

class FillFromWhole final : public stream::Sink {
 public:
  FillFromWhole(const std::filesystem::path& path, UnfinishedFile& file, GivenPages& given)
      : m_filling{path, file, given} {}
  void write(std::span<const std::byte> data) override {
    m_cutter.add(data, [&](std::span<const std::byte> pages) {
      m_filling.offer(m_block, pages);
      m_block += static_cast<std::uint32_t>(pages.size() / pg::page_size);
    });
  }
  void finish() override { m_filling.close(); }
  void abort() noexcept override {}

 private:
  Filling m_filling;
  physical::PageCutter m_cutter;
  std::uint32_t m_block = 0;
};

class FillFromPages final : public stream::Sink {
 public:
  FillFromPages(const std::filesystem::path& path, const std::string& name, UnfinishedFile& file,
                GivenPages& given)
      : m_filling{path, file, given},
        m_reader{name, [](const physical::IncrementalHeader&) {},
                 [this](std::uint32_t block, pg::Page page) { m_filling.offer(block, page); }} {}
  void write(std::span<const std::byte> data) override { m_reader.write(data); }
  void finish() override {
    m_reader.finish();
    m_filling.close();
  }
  void abort() noexcept override {}

 private:
  Filling m_filling;
  physical::IncrementalReader m_reader;
};

}  // namespace

std::unique_ptr<stream::Sink> whole_file(const std::filesystem::path& path, unsigned mode) {
  return std::make_unique<WholeFile>(path, mode);
}

std::unique_ptr<stream::Sink> some_pages(const std::filesystem::path& path, unsigned mode,
                                         const std::string& name, MissingPages& missing,
                                         std::atomic<std::uint64_t>& bytes) {
  return std::make_unique<SomePages>(path, mode, name, missing, bytes);
}

std::unique_ptr<stream::Sink> fill_from_whole(const std::filesystem::path& path,
                                              UnfinishedFile& file, GivenPages& given) {
  return std::make_unique<FillFromWhole>(path, file, given);
}

std::unique_ptr<stream::Sink> fill_from_pages(const std::filesystem::path& path,
                                              const std::string& name, UnfinishedFile& file,
                                              GivenPages& given) {
  return std::make_unique<FillFromPages>(path, name, file, given);
}

}  // namespace bkp::recover
