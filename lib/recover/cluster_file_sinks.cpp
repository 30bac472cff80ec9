#include "recover/cluster_file_sinks.hpp"

#include "physical/incremental_file.hpp"
#include "physical/page_cutter.hpp"

namespace bkp::recover {

namespace {

class WholeFile final : public stream::Sink {
 public:
  WholeFile(const std::filesystem::path& path, unsigned mode, FileWriting& writing)
      : m_file{ClusterFileWriter::make(path, mode, writing)}, m_writing{writing} {}
  void write(std::span<const std::byte> data) override {
    m_file.write(data, m_bytes);
    m_bytes += data.size();
  }
  void finish() override {
    if (m_writing.reuse) m_file.set_size(m_bytes);
    m_file.close();
    m_writing.bytes += m_bytes;
  }
  void abort() noexcept override {}

 private:
  ClusterFileWriter m_file;
  FileWriting& m_writing;
  std::uint64_t m_bytes = 0;
};

class SomePages final : public stream::Sink {
 public:
  SomePages(const std::filesystem::path& path, unsigned mode, const std::string& name,
            MissingPages& missing, FileWriting& writing)
      : m_file{ClusterFileWriter::make(path, mode, writing)},
        m_reader{name,
                 [this, name, &missing, &writing](const physical::IncrementalHeader& header) {
                   const auto size = std::uint64_t{header.pages} * pg::page_size;
                   m_file.set_size(size);
                   missing.enter(name, header.pages, header.blocks);
                   writing.bytes += size;
                 },
                 [this](std::uint32_t block, pg::Page page) {
                   m_file.write_scattered(page, std::uint64_t{block} * pg::page_size);
                 }} {}
  void write(std::span<const std::byte> data) override { m_reader.write(data); }
  void finish() override {
    m_reader.finish();
    m_file.close();
  }
  void abort() noexcept override {}

 private:
  ClusterFileWriter m_file;
  physical::IncrementalReader m_reader;
};

/// The pages of a file that are still missing.
class Filling {
 public:
  Filling(const std::filesystem::path& path, UnfinishedFile& file, GivenPages& given,
          FileWriting& writing)
      : m_file{ClusterFileWriter::open(path, writing)}, m_state{file}, m_given{given} {}

  /// Whole pages one behind the other, from `block` on. `in_order`: all pages of the file come.
  void offer(std::uint32_t block, std::span<const std::byte> pages, bool in_order) {
    while (!pages.empty()) {
      std::size_t run = 0;
      while (run * pg::page_size < pages.size() && is_missing(block + run)) ++run;
      if (run == 0) {
        ++block;
        pages = pages.subspan(pg::page_size);
        continue;
      }
      const auto missing = pages.first(run * pg::page_size);
      const auto offset = std::uint64_t{block} * pg::page_size;
      if (in_order) {
        m_file.write(missing, offset);
      } else {
        m_file.write_scattered(missing, offset);
      }
      pages = pages.subspan(run * pg::page_size);
      for (; run > 0; --run) m_given.give(m_state, block++);
    }
  }

  void close() { m_file.close(); }

 private:
  bool is_missing(std::size_t block) const {
    return block < m_state.missing.size() && m_state.missing[block];
  }

  ClusterFileWriter m_file;
  UnfinishedFile& m_state;
  GivenPages& m_given;
};

class FillFromWhole final : public stream::Sink {
 public:
  FillFromWhole(const std::filesystem::path& path, UnfinishedFile& file, GivenPages& given,
                FileWriting& writing)
      : m_filling{path, file, given, writing} {}
  void write(std::span<const std::byte> data) override {
    m_cutter.add(data, [&](std::span<const std::byte> pages) {
      m_filling.offer(m_block, pages, true);
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
                GivenPages& given, FileWriting& writing)
      : m_filling{path, file, given, writing},
        m_reader{
            name, [](const physical::IncrementalHeader&) {},
            [this](std::uint32_t block, pg::Page page) { m_filling.offer(block, page, false); }} {}
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

std::unique_ptr<stream::Sink> whole_file(const std::filesystem::path& path, unsigned mode,
                                         FileWriting& writing) {
  return std::make_unique<WholeFile>(path, mode, writing);
}

std::unique_ptr<stream::Sink> some_pages(const std::filesystem::path& path, unsigned mode,
                                         const std::string& name, MissingPages& missing,
                                         FileWriting& writing) {
  return std::make_unique<SomePages>(path, mode, name, missing, writing);
}

std::unique_ptr<stream::Sink> fill_from_whole(const std::filesystem::path& path,
                                              UnfinishedFile& file, GivenPages& given,
                                              FileWriting& writing) {
  return std::make_unique<FillFromWhole>(path, file, given, writing);
}

std::unique_ptr<stream::Sink> fill_from_pages(const std::filesystem::path& path,
                                              const std::string& name, UnfinishedFile& file,
                                              GivenPages& given, FileWriting& writing) {
  return std::make_unique<FillFromPages>(path, name, file, given, writing);
}

}  // namespace bkp::recover
