using System.Globalization;

namespace RenderFarm.Coordinator.Dashboard.Elements;

/// <summary>Numbers and times as people read them, with their units.</summary>
internal static class Show
{
    public static string Count(long count) => count.ToString("N0", CultureInfo.InvariantCulture);

    public static string Short(long count) => count switch
    {
        < 10_000 => Count(count),
        < 1_000_000 => string.Create(CultureInfo.InvariantCulture, $"{count / 1000}k"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{count / 1e6:0.#}M"),
    };

    /// <summary>Plural by an s.</summary>
    public static string Counted(long count, string noun) => $"{Count(count)} {noun}{(count == 1 ? "" : "s")}";

    public static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{Math.Floor(share * 100):0} %");

    public static string Bytes(long bytes) => bytes switch
    {
        < 1L << 10 => $"{bytes} B",
        < 1L << 20 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0:0.#} KiB"),
        < 1L << 30 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1048576.0:0.#} MiB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1073741824.0:0.#} GiB"),
    };

    public static string Rate(double perSecond) => perSecond >= 0.995
        ? string.Create(CultureInfo.InvariantCulture, $"{perSecond:0.0} img/s")
        : string.Create(CultureInfo.InvariantCulture, $"{perSecond * 60:0.0} img/min");

    /// <summary>The two largest units: 48 s, 3 min 12 s, 2 h 11 min, 3 d 4 h.</summary>
    public static string Span(TimeSpan span) => span switch
    {
        { TotalSeconds: < 1 } => "0 s",
        { TotalMinutes: < 1 } => $"{span.Seconds} s",
        { TotalHours: < 1 } => $"{span.Minutes} min {span.Seconds:00} s",
        { TotalDays: < 1 } => $"{span.Hours} h {span.Minutes:00} min",
        _ => $"{(int)span.TotalDays} d {span.Hours} h",
    };

    /// <summary>How long ago, or in how long where it is less than nothing; in one unit.</summary>
    public static string Ago(TimeSpan span) => span.TotalSeconds switch
    {
        > -2 and < 2 => "now",
        < 0 => $"in {Unit(-span)}",
        _ => $"{Unit(span)} ago",
    };

    public static string Exact(DateTimeOffset moment) => moment.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);

    public static string Number(double number) => number.ToString("0.##", CultureInfo.InvariantCulture);

    private static string Unit(TimeSpan span) => span switch
    {
        { TotalMinutes: < 1 } => $"{span.Seconds} s",
        { TotalHours: < 1 } => $"{(int)span.TotalMinutes} min",
        { TotalDays: < 1 } => $"{(int)span.TotalHours} h",
        _ => $"{(int)span.TotalDays} d",
    };
}
