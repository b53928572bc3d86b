using System.Collections.Concurrent;

namespace RenderFarm.TestKit.Goldens;

/// <summary>Counts the golden cases that ran, and says so at the end of the run: use it as an assembly fixture.</summary>
public sealed class GoldenCounts : IDisposable
{
    private static readonly ConcurrentDictionary<string, int> Ran = new(StringComparer.Ordinal);

    public static void Count(string file) => Ran.AddOrUpdate(file, 1, (_, count) => count + 1);

    public void Dispose()
    {
        foreach (var (file, count) in Ran.OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            Console.WriteLine($"goldens {file}: {count} cases ran, of {GoldenFolder.Cases(file).Count} in {GoldenFolder.Current}");
        }
    }
}
