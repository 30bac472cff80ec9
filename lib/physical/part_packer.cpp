#include "physical/part_packer.hpp"

#include <fmt/format.h>

#include "stream/sinks.hpp"

namespace bkp::physical {

namespace {

/// Enough that a store has few objects, and little enough that several are read side by side.
constexpr std::uint64_t full_size = std::uint64_t{512} << 20U;

}  // namespace

/// Declared from the end of the chain to its head.
struct PartPacker::Open {
  Open(Packing& packing, std::vector<backup::Target>& targets)
      : writer{targets,
               packing.layout,
               packing.label,
               fmt::format("{}-{:04}.tar", packing.role, ++packing.parts),
               packing.role,
               packing.format,
               backup::slow_store_patience(packing.context)},
        limited{writer, packing.rate, packing.context.clock},
        counted{limited, [this](std::size_t size) { bytes += size; }},
        tar{counted} {}

  std::uint64_t bytes = 0;
  backup::PartWriter writer;
  stream::RateLimitSink limited;
  stream::ObservingSink counted;
  TarWriter tar;
};

PartPacker::PartPacker(Packing& packing, std::vector<backup::Target> targets)
    : m_packing{packing}, m_targets{std::move(targets)} {}

PartPacker::~PartPacker() = default;

TarWriter& PartPacker::tar() {
  if (m_open && m_open->bytes >= full_size) finish();
  if (!m_open) m_open = std::make_unique<Open>(m_packing, m_targets);
  return m_open->tar;
}

void PartPacker::finish() {
  if (!m_open) return;
  m_open->tar.finish();
  m_open->counted.finish();
  m_parts.push_back(m_open->writer.part());
  m_open.reset();
}

void PartPacker::abort() noexcept {
  if (m_open) m_open->writer.abort();
  m_open.reset();
}

}  // namespace bkp::physical
