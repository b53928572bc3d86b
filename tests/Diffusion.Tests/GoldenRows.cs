using System.Text.Json;
using RenderFarm.TestKit.Goldens;

namespace RenderFarm.Diffusion.Tests;

/// <summary>The golden cases of a file as rows of a theory, chosen by what they say.</summary>
internal static class GoldenRows
{
    // A folder need not have every file, and a theory needs a row.
    private const int NoCases = -1;

    public static IEnumerable<TheoryDataRow<int, string>> Of(string file, Func<JsonElement, bool> isSupported, Func<JsonElement, string> name)
    {
        var rows = GoldenFolder.Cases(file)
            .Select((golden, index) => (golden, index))
            .Where(one => isSupported(one.golden))
            .Select(one => new TheoryDataRow<int, string>(one.index, name(one.golden)))
            .ToList();
        return rows.Count > 0 ? rows : [new TheoryDataRow<int, string>(NoCases, $"no cases in {GoldenFolder.Current}")];
    }

    /// <summary>The case of a row, counted; false for the row that stands for none.</summary>
    public static bool TryGet(string file, int index, out JsonElement golden)
    {
        if (index == NoCases)
        {
            golden = default;
            return false;
        }

        GoldenCounts.Count(file);
        golden = GoldenFolder.Cases(file)[index];
        return true;
    }
}
