"""What `imageshield doctor` looks at. Every check gets the situation and returns the faults that it finds.

situation     what is set, what `imageshield up` would add, and what runs
settings      the variables themselves
keys          key files and the vault
database      | the servers, asked with the credentials that are set
redis         |
store         |
entropy       the source of random bits that is chosen
machine       programs, ports, room, clock and caches of this machine
"""
