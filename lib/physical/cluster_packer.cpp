#include "physical/cluster_packer.hpp"

#include <algorithm>
#include <numeric>
#include <thread>

namespace bkp::physical {

namespace {

/// Each worker compresses on its share of the cores.
backup::PartFormat packing_format(const backup::Job& job, int workers) {
  auto format = job.format;
  const auto cores = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  const int threads = format.compression.threads > 0 ? format.compression.threads : cores;
  format.compression.threads = std::max(1, threads / workers);
  return format;
}

}  // namespace

/// A file that comes from elsewhere.
class ClusterPacker::Received final : public stream::Sink {
 public:
  Received(ClusterPacker& packer, const ReadingRules& rules, const ClusterFile& file)
      : m_packer{packer},
        m_rules{rules},
        m_tar{packer.m_packers.front()->tar()},
        m_relation{parse_relation_file(file.path)},
        m_by_pages{is_kept_by_pages(m_relation, file.bytes)},
        m_sums{m_by_pages},
        m_stored{file.path, file.bytes, file.modified, 0} {
    m_tar.begin({file.path, TarEntry::Type::file, file.bytes, file.mode, file.modified});
  }

  void write(std::span<const std::byte> data) override {
    m_sums.add(data);
    if (m_relation && m_rules.page_checksums) {
      m_cutter.add(data, [&](std::span<const std::byte> pages) {
        for_each_page(pages, 0, [&](pg::Page page, int) { check(page); });
      });
    }
    m_tar.write(data);
    m_packer.m_context.progress.advance(data.size());
  }

  void finish() override {
    m_tar.end();
    m_stored.crc32c = m_sums.crc32c();
    m_packer.note({m_stored, m_stored, m_sums.take_marks(), m_by_pages}, m_bad_pages);
  }

  void abort() noexcept override {}

 private:
  void check(pg::Page page) {
    const auto block = m_block++;
    if (!has_good_checksum(page, *m_relation, block, m_rules))
      m_bad_pages.push_back({m_stored.path, block});
  }

  ClusterPacker& m_packer;
  const ReadingRules& m_rules;
  TarWriter& m_tar;
  std::optional<RelationFile> m_relation;
  bool m_by_pages;
  FileSums m_sums;
  ManifestFile m_stored;
  PageCutter m_cutter;
  std::uint64_t m_block = 0;
  std::vector<backup::BadPage> m_bad_pages;
};

ClusterPacker::ClusterPacker(const run::Context& context, const backup::Layout& layout,
                             const backup::Job& job, const std::string& label, std::string role,
                             int workers, std::vector<backup::Target>& targets,
                             PageMapWriter& pages, const PagesBefore* before)
    : m_context{context},
      m_targets{targets},
      m_pages{pages},
      m_before{before},
      m_packing{context,
                layout,
                label,
                std::move(role),
                packing_format(job, workers),
                context.config.limits.rate / static_cast<std::uint64_t>(workers)} {
  for (int i = 0; i < workers; ++i)
    m_packers.push_back(std::make_unique<PartPacker>(m_packing, targets));
}

void ClusterPacker::pack(const ReadingRules& rules, ClusterFiles files) {
  m_files = std::move(files.files);
  std::ranges::stable_sort(m_files, std::ranges::greater{}, &ClusterFile::bytes);
  const auto total = std::transform_reduce(m_files.begin(), m_files.end(), std::uint64_t{0},
                                           std::plus{}, [](const auto& f) { return f.bytes; });
  const run::ProgressStep step{m_context.progress, "copying the cluster", total};
  // In the first part, so that whoever unpacks the parts in order finds them made.
  for (const auto& directory : files.directories) pack_directory(directory);
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 1; i < m_packers.size(); ++i)
      threads.emplace_back([&, i] { pack_next_ones(rules, *m_packers[i]); });
    pack_next_ones(rules, *m_packers.front());
  }
  m_failure.rethrow();
}

void ClusterPacker::pack_directory(const ClusterDirectory& directory) {
  m_packers.front()->tar().begin(
      {directory.path, TarEntry::Type::directory, 0, directory.mode, m_context.clock.now()});
}

std::unique_ptr<stream::Sink> ClusterPacker::receive(const ReadingRules& rules,
                                                     const ClusterFile& file) {
  return std::make_unique<Received>(*this, rules, file);
}

void ClusterPacker::pack_next_ones(const ReadingRules& rules, PartPacker& packer) {
  try {
    while (!m_failure.any()) {
      const auto i = m_next++;
      if (i >= m_files.size()) return;
      pack_file(rules, m_files[i], packer);
    }
  } catch (...) {
    m_failure.keep_current();
  }
}

void ClusterPacker::pack_file(const ReadingRules& rules, const ClusterFile& file) {
  pack_file(rules, file, *m_packers.front());
}

void ClusterPacker::pack_file(const ReadingRules& rules, const ClusterFile& file,
                              PartPacker& packer) {
  std::vector<backup::BadPage> bad_pages;
  auto copied = copy_file(m_context, rules, file, m_before, packer.tar(), bad_pages);
  if (copied) note(std::move(*copied), bad_pages);
}

void ClusterPacker::note(CopiedFile file, const std::vector<backup::BadPage>& bad_pages) {
  if (file.by_pages) m_pages.add(file.whole.path, file.pages);
  const std::lock_guard lock{m_mutex};
  m_stored.push_back(std::move(file.stored));
  m_whole.push_back(std::move(file.whole));
  m_bad_pages.insert(m_bad_pages.end(), bad_pages.begin(), bad_pages.end());
}

ManifestFile ClusterPacker::write_text(const std::string& path, const std::string& text) {
  const auto bytes = std::as_bytes(std::span{text});
  const auto now = m_context.clock.now();
  auto& tar = m_packers.front()->tar();
  tar.begin({path, TarEntry::Type::file, bytes.size(), 0600, now});
  tar.write(bytes);
  tar.end();
  return {path, bytes.size(), now, pg::crc32c(bytes)};
}

void ClusterPacker::pack_text(const std::string& path, const std::string& text,
                              const std::string& whole) {
  auto stored = write_text(path, text);
  const auto bytes = std::as_bytes(std::span{whole});
  m_whole.push_back({path, bytes.size(), stored.modified, pg::crc32c(bytes)});
  m_stored.push_back(std::move(stored));
}

void ClusterPacker::pack_manifest(BackupManifest manifest) {
  const auto text_of = [&](std::vector<ManifestFile>& files) {
    std::ranges::sort(files, {}, &ManifestFile::path);
    manifest.files = files;
    return to_text(manifest);
  };
  write_text("backup_manifest", text_of(m_stored));
  if (m_before != nullptr) write_text(complete_manifest_path, text_of(m_whole));
}

std::vector<backup::Part> ClusterPacker::finish() {
  for (auto& packer : m_packers) packer->finish();
  return collect();
}

void ClusterPacker::abort() noexcept {
  for (auto& packer : m_packers) packer->abort();
  collect();
}

std::vector<backup::Part> ClusterPacker::collect() noexcept {
  std::vector<backup::Part> parts;
  for (auto& packer : m_packers) {
    parts.insert(parts.end(), packer->parts().begin(), packer->parts().end());
    for (std::size_t i = 0; i < m_targets.size(); ++i) {
      if (m_targets[i].failure) continue;
      m_targets[i].failure = packer->targets()[i].failure;
      m_targets[i].left_behind = packer->targets()[i].left_behind;
    }
  }
  std::ranges::sort(parts, {}, &backup::Part::name);
  return parts;
}

std::uint64_t ClusterPacker::bytes() const {
  std::uint64_t sum = 0;
  for (const auto& file : m_whole) sum += file.bytes;
  return sum;
}

}  // namespace bkp::physical
