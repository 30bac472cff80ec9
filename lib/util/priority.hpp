#pragma once

namespace bkp::util {

/// I/O scheduling class, as in ioprio_set(2).
enum class IoClass { none, best_effort, idle };

/// Makes this process give way to others: adds to the niceness of each of its threads and puts them
/// into an I/O class (at the lowest level; `none` leaves it). Threads and programs that they start
/// from then on inherit both. There is no way back. What the system refuses is left: it must not
/// keep a backup from being taken.
void lower_priority(int nice, IoClass io_class) noexcept;

}  // namespace bkp::util
