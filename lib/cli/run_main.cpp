#include "cli/run_main.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <csignal>
#include <cstdlib>

#include <fmt/format.h>

#include "cli/envelope.hpp"
#include "cli/mask.hpp"
#include "cli/presentation.hpp"
#include "cli/progress_meter.hpp"
#include "cli/shared_options.hpp"
#include "cli/signals.hpp"
#include "cli/subject.hpp"
#include "cli/system_terminal.hpp"
#include "config/parse.hpp"
#include "notify/notifier.hpp"
#include "run/scheduled_run.hpp"
#include "util/host.hpp"
#include "util/text.hpp"
#include "util/version.hpp"

namespace bkp::cli {

using util::Error;
using util::ErrorKind;

namespace {

/// Cron and careless parents may leave descriptors 0 to 2 closed, and the first file opened would
/// become them. No core dump: memory holds passwords. Nothing made by default for others to read.
void prepare_process() {
  while (true) {
    const int fd = ::open("/dev/null", O_RDWR);
    if (fd < 0) break;
    if (fd > STDERR_FILENO) {
      ::close(fd);
      break;
    }
  }
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  ::umask(077);
}

std::vector<const CLI::Option*> options_of(const CLI::App& app) {
  return app.get_options();
}

bool wants_color(const std::string& when, const util::Environment& environment, int fd) {
  if (when != "auto") return when == "always";
  return ::isatty(fd) == 1 && !environment.get("NO_COLOR") && environment.get("TERM") != "dumb";
}

/// CLI11 names what is left over last to first.
std::string usage_message(const CLI::App& app, const CLI::ParseError& error) {
  if (dynamic_cast<const CLI::ExtrasError*>(&error) == nullptr) return error.what();
  return fmt::format("not expected: {}", fmt::join(app.remaining(), " "));
}

Error usage_error(const CommandInfo& info, const CLI::App& app, const CLI::ParseError& error,
                  const std::vector<std::string>& arguments) {
  std::string hint = fmt::format("`bkp {} --help` lists the options", info.name);
  std::vector<std::string> known;
  const auto add_options_of = [&known](const CLI::App& part) {
    for (const auto* option : part.get_options()) {
      for (const auto& name : option->get_lnames()) known.push_back("--" + name);
    }
  };
  add_options_of(app);
  // Groups of options are such parts.
  for (const auto* group : app.get_subcommands([](const CLI::App*) { return true; }))
    add_options_of(*group);
  for (const auto& argument : arguments) {
    const std::string name = argument.substr(0, argument.find('='));
    if (!name.starts_with("--") || std::find(known.begin(), known.end(), name) != known.end())
      continue;
    const std::string near = util::nearest(name, known);
    if (!near.empty()) hint = fmt::format("did you mean {}? {}", near, hint);
  }
  return Error{ErrorKind::usage, usage_message(app, error), hint};
}

/// libpq would prefer a PGPASSWORD of this process to the password file of the configuration;
/// run::cluster_conninfo() decides instead. What run this is concerns no program it starts. Before
/// there are threads.
util::Environment take_environment() {
  auto environment = util::Environment::of_this_process();
  ::unsetenv("PGPASSWORD");
  ::unsetenv(run::scheduled_run_variable);
  return environment;
}

/// One run of a command, from the parsed options to its ending.
class Run {
 public:
  Run(const CommandInfo& info, const SharedOptions& shared, std::vector<std::string> arguments,
      std::string subject)
      : m_info{info},
        m_shared{shared},
        m_arguments{std::move(arguments)},
        m_subject{std::move(subject)},
        m_environment{take_environment()},
        m_log{log_settings()},
        m_progress{program(), !shared.quiet && ::isatty(STDERR_FILENO) == 1, m_clock},
        m_signals{m_interrupt, m_progress.status_fd()},
        m_terminal{shared.json, shared.quiet},
        m_processes{m_interrupt, [this](const util::Command& command) {
                      m_log.debug("running {}", mask_secrets(command.to_string()));
                    }} {}

  Ending execute(const Command& command, std::string& text) {
    Ending ending;
    ending.command = m_info.name;
    ending.started_at = m_clock.now();
    std::optional<config::Config> loaded;
    std::optional<notify::Notifier> notifier;
    notify::RunFacts facts;
    try {
      const auto scheduled = run::scheduled_run(m_environment);
      m_environment.unset(run::scheduled_run_variable);
      const config::Config& config = loaded.emplace(load_config());
      if (scheduled && !claim(config, *scheduled)) {
        m_log.info("another process has begun this run: nothing is left to do");
        ending.exit_code = run::claimed_by_another;
        ending.finished_at = m_clock.now();
        return ending;
      }
      const bool wanted = !config.site.empty() && !m_shared.dry_run && command.recorded();
      facts = facts_of(command, wanted, scheduled);
      if (!config.site.empty() && !m_shared.dry_run && command.watch() != Watch::no)
        notifier.emplace(config, m_clock, m_log);
      const auto way = wanted ? way_to_catalog(config) : std::nullopt;
      const bool recorded = way.has_value();
      catalog::Recorder recorder{{way.value_or(pg::Conninfo{}), config.catalog.schema,
                                  config.catalog.spool_directory, scheduled},
                                 m_clock,
                                 m_log,
                                 m_interrupt};
      run::Context context{config,
                           m_clock,
                           m_processes,
                           m_environment,
                           m_interrupt,
                           m_log,
                           m_progress,
                           m_terminal,
                           recorder,
                           m_shared.triggered_by,
                           m_shared.lock_wait,
                           m_shared.dry_run,
                           {},
                           {},
                           wants_color(m_shared.color, m_environment, STDOUT_FILENO),
                           !m_shared.json,
                           m_shared.json};
      if (notifier) notifier->started(facts);
      run_body(context, command, recorded, ending, text);
      m_conditions = std::move(context.conditions);
    } catch (...) {
      ending.error = final_error();
    }
    facts.run_id = ending.run_id;
    if (ending.error) ending.exit_code = command.exit_code_of(*ending.error);
    ending.finished_at = m_clock.now();
    if (notifier)
      notifier->ended(facts, m_error_is_told ? std::nullopt : ending.error, m_conditions);
    return ending;
  }

  std::string program() const { return fmt::format("bkp {}", m_info.name); }
  bool color() const { return wants_color(m_shared.color, m_environment, STDERR_FILENO); }
  util::Log& log() { return m_log; }

 private:
  util::LogSettings log_settings() const {
    util::LogSettings settings;
    settings.program = program();
    settings.threshold = m_shared.verbose ? util::LogLevel::debug
                         : m_shared.quiet ? util::LogLevel::warning
                                          : util::LogLevel::info;
    settings.format = m_shared.log_format == "json" ? util::LogFormat::json : util::LogFormat::text;
    settings.syslog = m_shared.syslog;
    settings.color = color();
    return settings;
  }

  config::Config load_config() {
    if (m_info.config == ConfigNeed::none) return {};
    const bool by_itself = m_info.config == ConfigNeed::optional && m_shared.config.empty();
    std::filesystem::path file;
    try {
      file = config::find(m_shared.config, m_environment);
    } catch (const Error&) {
      if (!by_itself) throw;
      return {};
    }
    if (std::error_code unknown; by_itself && !std::filesystem::exists(file, unknown) && !unknown) {
      m_log.warning("there is no configuration file {}: going on without one", file.string());
      return {};
    }
    m_log.debug("configuration {}", file.string());
    return config::load(file, m_environment, m_processes,
                        m_info.config == ConfigNeed::unconnected ? config::Connections::left_out
                                                                 : config::Connections::read);
  }

  std::optional<pg::Conninfo> way_to_catalog(const config::Config& config) const {
    try {
      return run::catalog_conninfo(config, m_environment);
    } catch (const Error&) {
      if (!m_info.diagnoses) throw;
      return std::nullopt;
    }
  }

  /// Whether this process is the one to do the run.
  bool claim(const config::Config& config, const catalog::ScheduledRun& scheduled) {
    try {
      m_claim = run::Claims{config}.claim(scheduled);
      return static_cast<bool>(m_claim);
    } catch (const Error& error) {
      // A second process could do the same; that there is none is worse.
      m_log.warning("this run cannot be claimed, and is done all the same: {}",
                    error.full_message());
      return true;
    }
  }

  void run_body(run::Context& context, const Command& command, bool recorded, Ending& ending,
                std::string& text) {
    if (recorded) {
      context.recorder.open_run(run_record(ending.started_at));
      if (context.recorder.online()) context.recorder.deliver_spool();
    }
    Report report;
    try {
      report = command.body(context);
      ending.error = std::move(report.error);
      m_error_is_told = report.error_is_told;
      ending.exit_code = report.exit_code;
    } catch (...) {
      ending.error = final_error();
    }
    if (recorded) {
      const int exit_code = ending.error ? command.exit_code_of(*ending.error) : 0;
      context.recorder.close_run(m_clock.now(), closing_status(ending), exit_code,
                                 ending.error ? ending.error->full_message() : "",
                                 static_cast<std::int64_t>(report.bytes));
      ending.run_id = context.recorder.run_id();
    }
    ending.result = std::move(report.result);
    ending.warnings = std::move(context.warnings);
    if (!m_shared.quiet || report.text_is_document) {
      text = std::move(report.text);
    } else if (ending.error) {
      text = std::move(report.text_of_failures).value_or(std::move(report.text));
    }
  }

  notify::RunFacts facts_of(const Command& command, bool recorded,
                            const std::optional<catalog::ScheduledRun>& scheduled) const {
    notify::RunFacts facts;
    facts.command = m_info.name;
    facts.subject = is_told_as_a_whole(command.watch()) ? facts.command : m_subject;
    if (scheduled) facts.run_key = scheduled->run_key;
    facts.recorded = recorded;
    facts.is_sign_of_life = recorded || command.watch() == Watch::heartbeat;
    facts.somebody_watches = m_terminal.interactive();
    return facts;
  }

  catalog::RunRecord run_record(util::Time started_at) const {
    catalog::RunRecord run;
    run.command = m_info.name;
    for (const auto& argument : m_arguments) run.arguments.push_back(mask_secrets(argument));
    run.user_name = util::user_name();
    run.host = util::host_name();
    run.pid = ::getpid();
    run.triggered_by = m_shared.triggered_by;
    run.version = util::version();
    run.started_at = started_at;
    run.status = catalog::status::running;
    return run;
  }

  static std::string closing_status(const Ending& ending) {
    if (!ending.error) return catalog::status::completed;
    switch (ending.error->kind()) {
      case ErrorKind::partial:
        return catalog::status::partial;
      case ErrorKind::interrupted:
        return catalog::status::cancelled;
      default:
        return catalog::status::failed;
    }
  }

  /// A signal may surface as any error (a cancelled statement, an unanswered question): it is the
  /// cause.
  Error final_error() const {
    Error error = util::current_error();
    if (m_interrupt.signal() != 0 && error.kind() != ErrorKind::interrupted) {
      return Error::interrupted(m_interrupt.signal());
    }
    return error;
  }

  const CommandInfo& m_info;
  const SharedOptions& m_shared;
  std::vector<std::string> m_arguments;
  std::string m_subject;
  util::SystemClock m_clock;
  util::Environment m_environment;
  util::Interrupt m_interrupt;
  util::Log m_log;
  ProgressMeter m_progress;
  SignalHandlers m_signals;
  SystemTerminal m_terminal;
  util::SystemProcessRunner m_processes;
  util::Fd m_claim;  ///< of a scheduled run, until its end
  run::Conditions m_conditions;
  bool m_error_is_told = false;
};

}  // namespace

std::string check_arguments(const CommandInfo& info,
                            const std::function<void(CLI::App&)>& define_options,
                            const std::vector<std::string>& arguments) {
  SharedOptions shared;
  CLI::App app{std::string{info.summary}, fmt::format("bkp {}", info.name)};
  define(app, shared);
  const auto shared_options = options_of(app);
  define_options(app);
  try {
    // CLI11 takes them last to first.
    app.parse(std::vector<std::string>{arguments.rbegin(), arguments.rend()});
    return subject_of(app, info.name, shared_options);
  } catch (const CLI::CallForHelp&) {
    throw Error{ErrorKind::usage, "--help does nothing by itself", "leave it out"};
  } catch (const CLI::ParseError& error) {
    throw usage_error(info, app, error, arguments);
  }
}

int run_program(const CommandInfo& info, const Command& command, int argc, char** argv) {
  prepare_process();
  SharedOptions shared;
  CLI::App app{std::string{info.summary}, fmt::format("bkp {}", info.name)};
  define(app, shared);
  const auto shared_options = options_of(app);
  command.define(app);
  const auto fail = [&](Error error) {
    const int exit_code = command.exit_code_of(error);
    const auto text = command.text_of_error(error);
    const auto ending = ended_at_once(std::string{info.name}, std::move(error), exit_code);
    return present(ending, text, shared, {app.get_name()}, command.exit_code_of);
  };
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    shared = {};
    return present({}, app.help(), shared, {app.get_name()}, command.exit_code_of);
  } catch (const CLI::ParseError& error) {
    const std::vector<std::string> arguments{argv + 1, argv + argc};
    shared.json = std::ranges::find(arguments, "--json") != arguments.end();
    command.assume(arguments);
    return fail(usage_error(info, app, error, arguments));
  }
  std::optional<Run> run;
  try {
    run.emplace(info, shared, std::vector<std::string>{argv + 1, argv + argc},
                subject_of(app, info.name, shared_options));
  } catch (...) {
    return fail(util::current_error());
  }
  std::string text;
  const Ending ending = run->execute(command, text);
  if (ending.error && text.empty()) text = command.text_of_error(*ending.error);
  return present(ending, text, shared, {run->program(), run->color(), &run->log()},
                 command.exit_code_of);
}

}  // namespace bkp::cli
