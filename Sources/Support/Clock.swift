import Glibc

/// Times for taking differences.
public enum Clock {
    /// Seconds since some fixed moment; never goes back (CLOCK_MONOTONIC).
    public static var seconds: Double { read(CLOCK_MONOTONIC) }

    /// Processor seconds that all threads of this process have used.
    public static var processorSeconds: Double { read(CLOCK_PROCESS_CPUTIME_ID) }

    private static func read(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}
