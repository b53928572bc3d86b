using System.Text;
using RenderFarm.Shared;

namespace RenderFarm.Worker.Rendering.Supervision;

/// <summary>How a render process ended.</summary>
/// <param name="ExitCode">As shells have it: 128 and the number of the signal that ended it.</param>
/// <param name="Ending">What its supervisor did to it; null when it ended on its own.</param>
/// <param name="HasMemoryRunOut">Whether the kernel has killed in its control group for want of memory.</param>
/// <param name="Said">The tail of its standard error since the batch began.</param>
internal sealed record ProcessEnd(int ExitCode, Ending? Ending, bool HasMemoryRunOut, string Said)
{
    private const int OfSignals = 128;
    private const int Killed = 9;

    // What .NET, the C++ library and ONNX Runtime say last when memory runs out.
    private static readonly string[] OutOfMemoryTexts = ["OutOfMemoryException", "Out of memory.", "std::bad_alloc", "0x8007000E"];

    /// <summary>Whether memory ran out.</summary>
    public bool IsOutOfMemory => Ending is null && ExitCode != 0 && ((HasMemoryRunOut && ExitCode == OfSignals + Killed) || Array.Exists(OutOfMemoryTexts, text => Said.Contains(text, StringComparison.Ordinal)));

    /// <summary>What happened, in a sentence's end.</summary>
    public string Words => this switch
    {
        { Ending: { } ending } => ending.Words,
        { HasMemoryRunOut: true, ExitCode: OfSignals + Killed } => "was killed by the kernel because memory ran out (SIGKILL)",
        { ExitCode: 0 } => "ended without a result (exit code 0)",
        _ when SignalName(ExitCode - OfSignals) is { } name => $"was ended by {name}",
        _ => $"ended with exit code {ExitCode}",
    };

    /// <summary>What became of the rows that it was rendering.</summary>
    public RowFault FaultOf(string model) => this switch
    {
        { Ending.IsOrdered: true } => RowFault.Stopped,
        { IsOutOfMemory: true } => new RowFault(
            AttemptOutcome.OutOfMemory, ErrorClass.OutOfMemory, $"The render process {Words} while it rendered with the model '{model}': it ran out of memory.", Evidence),
        _ => new RowFault(AttemptOutcome.Crashed, ErrorClass.Crash, $"The render process {Words} while it rendered with the model '{model}'.", Evidence),
    };

    /// <summary>How it ended and the tail of what it wrote, in as many bytes as the protocol allows.</summary>
    public string Evidence
    {
        get
        {
            var head = Encoding.UTF8.GetBytes($"The render process {Words}. {(Said.Length == 0 ? "It wrote nothing to standard error." : "It wrote:\n")}");
            var tail = new StderrTail(StderrTail.Most - head.Length);
            tail.Add(Encoding.UTF8.GetBytes(Said));
            return Encoding.UTF8.GetString(head) + tail;
        }
    }

    private static string? SignalName(int signal) => signal switch
    {
        4 => "SIGILL",
        6 => "SIGABRT",
        7 => "SIGBUS",
        8 => "SIGFPE",
        Killed => "SIGKILL",
        11 => "SIGSEGV",
        15 => "SIGTERM",
        >= 1 and <= 64 => $"signal {signal}",
        _ => null,
    };
}

/// <summary>What a supervisor did to its render process.</summary>
/// <param name="Words">What happened, in a sentence's end.</param>
/// <param name="IsOrdered">Whether it was wanted, and nobody's fault.</param>
internal sealed record Ending(string Words, bool IsOrdered);
