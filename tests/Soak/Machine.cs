using System.Runtime.InteropServices;

namespace RenderFarm.Soak;

/// <summary>What numbers depend on.</summary>
internal static class Machine
{
    /// <summary>Name of the processor.</summary>
    public static string Cpu() =>
        File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':', 2)[1].Trim() ?? $"{RuntimeInformation.ProcessArchitecture}";
}
