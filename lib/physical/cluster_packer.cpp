#include "physical/cluster_packer.hpp"

#include <algorithm>
#include <numeric>
#include <thread>

namespace bkp::physical {

namespace {

std::size_t workers(const run::Context& context) {
  return static_cast<std::size_t>(std::max(1, context.config.full.jobs));
}

/// Each worker compresses on its share of the cores.
backup::PartFormat packing_format(const run::Context& context, const backup::Job& job) {
  auto format = job.format;
  const auto cores = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  const int threads = format.compression.threads > 0 ? format.compression.threads : cores;
  format.compression.threads = std::max(1, threads / static_cast<int>(workers(context)));
  return format;
}

}  // namespace

ClusterPacker::ClusterPacker(const run::Context& context, const backup::Layout& layout,
                             const backup::Job& job, const std::string& label, std::string role,
                             std::vector<backup::Target>& targets, PageMapWriter& pages,
                             const PagesBefore* before)
    : m_context{context},
      m_targets{targets},
      m_pages{pages},
      m_before{before},
      m_packing{context,
                layout,
                label,
                std::move(role),
                packing_format(context, job),
                context.config.limits.rate / workers(context)} {
  for (std::size_t i = 0; i < workers(context); ++i)
    m_packers.push_back(std::make_unique<PartPacker>(m_packing, targets));
}

void ClusterPacker::pack(const ReadingRules& rules, ClusterFiles files) {
  m_files = std::move(files.files);
  std::ranges::stable_sort(m_files, std::ranges::greater{}, &ClusterFile::bytes);
  const auto total = std::transform_reduce(m_files.begin(), m_files.end(), std::uint64_t{0},
                                           std::plus{}, [](const auto& f) { return f.bytes; });
  const run::ProgressStep step{m_context.progress, "copying the cluster", total};
  // In the first part, so that whoever unpacks the parts in order finds them made.
  for (const auto& directory : files.directories) {
    m_packers.front()->tar().begin(
        {directory.path, TarEntry::Type::directory, 0, directory.mode, m_context.clock.now()});
  }
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 1; i < m_packers.size(); ++i)
      threads.emplace_back([&, i] { pack_next_ones(rules, *m_packers[i]); });
    pack_next_ones(rules, *m_packers.front());
  }
  m_failure.rethrow();
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
  if (!copied) return;
  if (copied->by_pages) m_pages.add(file.path, copied->pages);
  const std::lock_guard lock{m_mutex};
  m_stored.push_back(std::move(copied->stored));
  m_whole.push_back(std::move(copied->whole));
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
