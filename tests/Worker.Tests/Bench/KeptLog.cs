using System.Collections.Concurrent;
using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;

namespace RenderFarm.Worker.Tests.Bench;

/// <summary>The worker's log, as an operator would read it.</summary>
internal sealed partial class KeptLog : ILoggerProvider, ILogger
{
    private readonly ConcurrentQueue<string> _lines = [];

    public IReadOnlyList<string> Lines => [.. _lines];

    /// <summary>The render processes that a slot has had so far.</summary>
    public IReadOnlyList<int> RenderProcesses(int slot = 0) =>
        [.. Lines.Select(line => StartedLine().Match(line)).Where(match => match.Success && match.Groups[1].Value == $"{slot}").Select(match => int.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture))];

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _lines.Enqueue($"{logLevel}: {formatter(state, exception)}");

    public void Dispose()
    {
    }

    [GeneratedRegex("Slot ([0-9]+) has the render process ([0-9]+)$")]
    private static partial Regex StartedLine();
}
