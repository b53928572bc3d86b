namespace RenderFarm.Cli;

/// <summary>What the program answers to its caller.</summary>
internal static class ExitCodes
{
    public const int Done = 0;

    /// <summary>It did not work; the reason was printed.</summary>
    public const int Failed = 1;

    /// <summary>The command line was wrong; nothing was done.</summary>
    public const int Usage = 2;

    /// <summary>Ctrl+C, as shells have it.</summary>
    public const int Interrupted = 130;
}
