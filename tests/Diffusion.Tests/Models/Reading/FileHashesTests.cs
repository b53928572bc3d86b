using RenderFarm.Diffusion.Models.Reading;
using RenderFarm.TestKit;

namespace RenderFarm.Diffusion.Tests.Models.Reading;

public sealed class FileHashesTests : IDisposable
{
    private const string Abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    private static readonly DateTime Then = new(2024, 5, 1, 12, 0, 0, DateTimeKind.Utc);

    private readonly TemporaryFolder _folder = new();
    private readonly string _file;

    public FileHashesTests()
    {
        _file = _folder.File("weights");
        File.WriteAllText(_file, "abc");
        File.SetLastWriteTimeUtc(_file, Then);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_file_that_stays_as_it_is_is_hashed_once_by_all_who_share_the_folder()
    {
        Assert.Equal(Abc, Hash().Sha256);
        Overwrite("xyz");

        Assert.Equal(Abc, Hash().Sha256);
    }

    [Fact]
    public void Without_a_folder_nothing_is_remembered_but_what_the_caller_knows()
    {
        var known = FileHashes.Unremembered.Of(_file, CancellationToken.None);
        Overwrite("xyz");

        Assert.NotEqual(Abc, FileHashes.Unremembered.Of(_file, CancellationToken.None).Sha256);
        Assert.Equal(Abc, FileHashes.Unremembered.Of(_file, CancellationToken.None, known).Sha256);
    }

    [Fact]
    public void Another_time_or_size_has_a_file_hashed_again()
    {
        Hash();
        Overwrite("xyz");
        File.SetLastWriteTimeUtc(_file, Then.AddSeconds(1));
        Assert.Equal(HashedFile.Of(_file, CancellationToken.None), Hash());

        File.WriteAllText(_file, "wxyz");
        File.SetLastWriteTimeUtc(_file, Then.AddSeconds(1));
        Assert.Equal(HashedFile.Of(_file, CancellationToken.None), Hash());
    }

    [Fact]
    public void Another_file_in_its_place_is_hashed_even_if_it_has_the_same_size_and_time()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Inodes are told on Linux.");
        Hash();
        var other = _folder.File("other");
        File.WriteAllText(other, "xyz");
        File.SetLastWriteTimeUtc(other, Then);
        File.Move(other, _file, overwrite: true);

        Assert.NotEqual(Abc, Hash().Sha256);
    }

    [Fact]
    public void A_link_has_the_hash_of_the_file_that_it_leads_to_now()
    {
        File.WriteAllText(_folder.File("other"), "xyz");
        File.CreateSymbolicLink(_folder.File("link"), "weights");
        Assert.Equal((Abc, _file), (Hash("link").Sha256, Hash("link").File));

        File.Delete(_folder.File("link"));
        File.CreateSymbolicLink(_folder.File("link"), "other");
        Assert.Equal(Hash("other"), Hash("link"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("null")]
    public void A_memory_that_is_damaged_costs_only_time(string damage)
    {
        Hash();
        File.WriteAllText(Assert.Single(Directory.GetFiles(_folder.File("cache/hashes"))), damage);
        Assert.Equal(Abc, Hash().Sha256);

        Overwrite("xyz");
        Assert.Equal(Abc, Hash().Sha256);
    }

    [Fact]
    public void A_folder_that_cannot_be_written_costs_only_time()
    {
        File.WriteAllText(_folder.File("cache"), "no folder");

        Assert.Equal(Abc, Hash().Sha256);
    }

    private HashedFile Hash(string file = "weights") => new FileHashes(_folder.File("cache")).Of(_folder.File(file), CancellationToken.None);

    /// <summary>Other bytes with the same size, time and inode: whoever still finds the old hash has not read them.</summary>
    private void Overwrite(string text)
    {
        using (var stream = new FileStream(_file, FileMode.Open, FileAccess.Write))
        {
            stream.Write(System.Text.Encoding.UTF8.GetBytes(text));
        }

        File.SetLastWriteTimeUtc(_file, Then);
    }
}
