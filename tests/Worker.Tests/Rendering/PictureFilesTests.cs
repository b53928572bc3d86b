using System.Security.Cryptography;
using RenderFarm.Diffusion;
using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;
using RenderFarm.Shared.Settings;
using RenderFarm.TestKit;
using RenderFarm.Worker.Rendering;

namespace RenderFarm.Worker.Tests.Rendering;

public sealed class PictureFilesTests
{
    [Fact]
    public void Rows_are_reported_with_the_facts_of_their_files_and_one_that_cannot_be_written_with_its_fault()
    {
        using var folder = new TemporaryFolder();
        var offer = new LeaseOffered(Guid.NewGuid(), 1, Guid.Empty, "acme", "emoji", "0123456789abcdef", new RenderSettings(), new OutputSettings(), ["a pizza"], []);
        string[] files = [Path.Combine(folder.Path, "0.png"), Path.Combine(folder.Path, "gone", "1.png"), Path.Combine(folder.Path, "2.png")];
        var work = new RenderWork("emoji", "0123456789abcdef", 1, [offer], [.. files.Select((file, row) => new RenderRow(0, new LeasedFrame(row, 40 + row, 0), file))]);
        var rows = new KeptRows();
        PictureFiles.Write(
            work, [.. work.Rows.Select((row, at) => (at, Image(FrameRequest.Of(offer, row.Frame))))], TimeSpan.FromSeconds(2), new RowReports(work.Rows.Count, rows));

        Assert.Equal([0, 1, 2], rows.Results.Select(result => result.Row).Order());
        foreach (var result in rows.Results.Where(result => result.Row != 1))
        {
            var bytes = File.ReadAllBytes(files[result.Row]);
            Assert.Equal(new RenderedPicture(40 + result.Row, Convert.ToHexStringLower(SHA256.HashData(bytes)), bytes.Length, 16, 8, null, TimeSpan.FromSeconds(2)), result.Picture);
        }

        var fault = rows.Results.Single(result => result.Row == 1).Fault;
        Assert.Equal((AttemptOutcome.Failed, ErrorClass.Infrastructure), (fault?.Outcome, fault?.ErrorClass));
        Assert.Equal([files[0], files[2]], Directory.GetFiles(folder.Path).Order());
    }

    [Fact]
    public void A_row_is_reported_once()
    {
        var rows = new KeptRows();
        var reports = new RowReports(2, rows);
        reports.Fault(1, RowFault.Stopped);
        reports.Fault(reports.Open, RowFault.OfWorker("The disk is full."));
        reports.Fault([0, 1], RowFault.Stopped);
        Assert.Equal([new RowResult(1, null, RowFault.Stopped), new RowResult(0, null, RowFault.OfWorker("The disk is full."))], rows.Results);
        Assert.Empty(reports.Open);
    }

    private static RenderedImage Image(ImageRequest request) => new(request with { Width = 16, Height = 8 }, 16, 8, new byte[16 * 8 * 3], []);

    private sealed class KeptRows : IProgress<RowResult>
    {
        public List<RowResult> Results { get; } = [];

        public void Report(RowResult value) => Results.Add(value);
    }
}
